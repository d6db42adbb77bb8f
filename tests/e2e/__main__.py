"""`make e2e`: a fresh acceptance world, served by one process on PORT until it is interrupted."""

from __future__ import annotations

import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.e2e.settings"

import django
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from servicedesk.operations import start

SERVE = ["--interface", "wsgi", "--no-ws", "--log-level", "error", "--workers", "1", "--blocking-threads", "4"]


def main() -> None:
    django.setup()
    try:
        start.take_lock(settings.DATA_DIR)
        start.check_port(settings.BIND, settings.PORT)
    except start.CannotStart as error:
        raise SystemExit(str(error)) from error
    call_command("collectstatic", interactive=False, verbosity=0)
    try:
        call_command("seed_e2e")
    except CommandError as error:
        raise SystemExit(str(error)) from error
    sys.stdout.flush()
    os.environ["DATA_DIR"] = str(settings.DATA_DIR)
    where = ["--host", settings.BIND, "--port", str(settings.PORT)]
    os.execv(sys.executable, [sys.executable, "-m", "granian", *SERVE, *where, "servicedesk.wsgi:application"])


if __name__ == "__main__":
    main()
