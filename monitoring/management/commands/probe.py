"""`probe CHECK`: look now, and say what was found and why. Exit 0: well; 1: not; 2: no such check."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from monitoring import rounds
from monitoring.models import CheckState, Watch
from servicedesk import clock


class Command(BaseCommand):
    help = "Run a check's probe now, record what it finds, and print the verdict and why."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("check", help="the check's name or number")
        parser.add_argument("--look", action="store_true", help="only look: record nothing")

    def handle(self, *args: Any, check: str, look: bool, **options: Any) -> None:
        named = Q(check_ref__slug=check) | Q(pk=int(check) if check.isascii() and check.isdigit() and len(check) < 19 else 0)
        watch = Watch.objects.select_related("check_ref__source", "check_ref__service").filter(named).first()
        if watch is None:
            raise CommandError(f"No probe is called {check}. There are: {self.known()}.", returncode=2)
        now = clock.now()
        _found, told = rounds.look(watch, now=now)
        self.say(told)
        if not look:
            rounds.take(watch.check_ref.source, told, now=now + timedelta(0))
            self.stdout.write(self.verdict(watch))
        if told[0]["status"] != "ok":
            sys.exit(1)

    def say(self, told: list[dict[str, Any]]) -> None:
        for item in told:
            self.stdout.write(f"{item['status'].upper()}  {item['check']}: {item['summary']}")
            for metric in item.get("metrics", []):
                limits = ", ".join(f"{word} {metric[word]}" for word in ("warn", "crit") if word in metric)
                value = f"{metric['value']:g} {metric.get('unit', '')}".strip()
                self.stdout.write(f"  {metric['name']} = {value}" + (f"  ({limits})" if limits else ""))
            if item.get("detail"):
                self.stdout.write("  " + item["detail"].replace("\n", "\n  "))

    def verdict(self, watch: Watch) -> str:
        state, check = CheckState.objects.get(check_ref=watch.check_ref), watch.check_ref
        after = f"A problem after {check.confirm} bad in a row and {check.for_s} s; over after {check.clear_confirm} good in a row."
        return f"Verdict: {state.status}{'' if state.is_settled else ' (not settled)'}. {after}"

    def known(self) -> str:
        return ", ".join(Watch.objects.order_by("check_ref__slug").values_list("check_ref__slug", flat=True)[:50]) or "none"
