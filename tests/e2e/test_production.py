"""Nothing of the acceptance world is in a production start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands
from django.test import Client
from django.urls import Resolver404, resolve

from monitoring.models import Source
from notifications import channels
from servicedesk import clock
from servicedesk.tokens import minting
from tests.actors import NINE
from tests.e2e.client import ROOT
from tests.e2e.seeding import RESULTS_TOKEN

DOORS = ("reset", "clock", "outbox/", "provider", "check", "reply", "call")


@pytest.mark.parametrize("door", DOORS)
def test_no_door_of_it_is_there(door: str) -> None:
    with pytest.raises(Resolver404):
        resolve(f"/_e2e/{door}")


@pytest.mark.django_db
def test_a_reset_is_a_page_that_does_not_exist(client: Client) -> None:
    assert client.post("/_e2e/reset", "{}", content_type="application/json").status_code in (302, 404)
    assert not Source.objects.filter(token_hash=minting.digest(RESULTS_TOKEN)).exists()


def test_the_clock_cannot_be_moved() -> None:
    assert settings.CLOCK_FILE is None
    with pytest.raises(RuntimeError, match="cannot be moved"):
        clock.move_to(NINE)


def test_neither_its_app_nor_its_provider_nor_its_command_is_installed() -> None:
    assert not [name for name in settings.INSTALLED_APPS + settings.MIDDLEWARE if "e2e" in name]
    assert not [path for path in channels.CHANNELS.values() if "e2e" in path]
    assert "seed_e2e" not in get_commands()


def test_a_start_imports_nothing_of_the_tests(tmp_path: Path) -> None:
    told = "import sys, servicedesk.wsgi; print([name for name in sys.modules if name.partition('.')[0] == 'tests'])"
    environ = {"DATA_DIR": str(tmp_path), "ENV_FILE": "/dev/null", "DJANGO_SETTINGS_MODULE": "servicedesk.settings"}
    ran = subprocess.run([sys.executable, "-c", told], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() == "[]"
