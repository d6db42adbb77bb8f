"""`collect --push URL --token T`: the agent on another host. It needs the code and no database."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from monitoring import collecting
from servicedesk import clock


class Command(BaseCommand):
    help = "Look at this host by probes and push what is found to a desk; what it does not take now is sent later."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--push", required=True, metavar="URL", help="the desk, such as https://desk.example.org")
        parser.add_argument(
            "--token", default="", help="of a source that speaks results; others on this host may see it: prefer --token-file"
        )
        parser.add_argument("--token-file", type=Path, help="a file with the token")
        parser.add_argument("--config", type=Path, help="a JSON list of checks; without it the usual ones of a host")
        parser.add_argument("--spool", type=Path, default=settings.DATA_DIR / "spool", help="where results wait (default DATA_DIR/spool)")
        parser.add_argument("--host", default=socket.gethostname(), help="what this host is called")
        parser.add_argument("--once", action="store_true", help="one round; exit 1 when it could not be sent")

    def handle(self, *args: Any, push: str, token: str, token_file: Path | None, **given: Any) -> None:
        agent = self.agent(push, token, token_file, **given)
        stop = threading.Event()
        if given["once"]:
            why = agent.round(now=clock.now())
            self.say(why, agent)
            sys.exit(1 if why else 0)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        said = ""
        while not stop.is_set():
            why = agent.round(now=clock.now())
            if why != said:
                self.say(why, agent)
            said = why
            stop.wait(collecting.wait_s(agent.checks))

    def agent(self, push: str, token: str, token_file: Path | None, **given: Any) -> collecting.Agent:
        try:
            token = token_file.read_text().strip() if token_file else token
            checks = collecting.read(given["config"], given["host"]) if given["config"] else collecting.usual(given["host"])
            spool = collecting.Spool(given["spool"])
        except (collecting.BadConfig, OSError) as error:
            raise CommandError(str(error), returncode=2) from error
        if not token or not push.startswith(("http://", "https://")):
            raise CommandError("Give --push https://… and the token of a source.", returncode=2)
        return collecting.Agent(checks, collecting.Desk(collecting.address(push), token), spool)

    def say(self, why: str, agent: collecting.Agent) -> None:
        waiting = len(agent.spool.waiting())
        self.stdout.write(f"Not sent: {why}. {waiting} batches wait." if why else f"Sent. {waiting} batches wait.")
        self.stdout.flush()
