"""What a process does not use it does not read: a start is short, and a small machine holds the desk."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.staticfiles.finders import get_finder

from servicedesk.operations import statics
from tests.servicedesk.test_up import ROOT

READ = "import sys; print(*sorted({found.partition('.')[0] for found in sys.modules} | set(sys.modules)), sep='\\n')"
ENGINE = f"import servicedesk.operations.engine; {READ}"
WORKER = f"from servicedesk.celery import app; app.loader.import_default_modules(); {READ}"
WEB_ONLY = ("incidents.urls", "incidents.admin", "monitoring.admin", "incidents.forms", "drf_spectacular.plumbing")
BY_USE = ("twilio", "apprise", "dns", "pymysql", "imap_tools", "monitoring.probes.postgres", "monitoring.probes.http")


def read_by(script: str, folder: Path) -> set[str]:
    environ = {**os.environ, "DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "servicedesk.settings"}
    environ |= {"ENV_FILE": "/dev/null", "CELERY_SKIP_CHECKS": "1"}
    told = f"import django; django.setup(); {script}"
    return set(
        subprocess.run([sys.executable, "-c", told], env=environ, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    )


@pytest.mark.parametrize("script", [ENGINE, WORKER], ids=["engine", "worker"])
def test_engine_and_worker_read_neither_pages_nor_what_nobody_asked_for(script: str, tmp_path: Path) -> None:
    assert read_by(script, tmp_path) & {*WEB_ONLY, *BY_USE} == set()


@pytest.fixture
def places(settings, tmp_path: Path) -> Iterator[Path]:
    settings.DATA_DIR, settings.STATIC_ROOT = tmp_path / "data", tmp_path / "static"
    settings.DATA_DIR.mkdir()
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}
    settings.STATICFILES_DIRS = [tmp_path / "ours"]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "one.css").write_text("a{}")
    get_finder.cache_clear()  # each remembers its folders
    yield tmp_path
    get_finder.cache_clear()


def test_static_files_are_gathered_once_and_again_when_one_changes_or_they_are_gone(places: Path) -> None:
    assert [statics.gather(), statics.gather()] == [True, False]
    (places / "ours" / "one.css").write_text("b{color:red}")
    os.utime(places / "ours" / "one.css", (2e9, 2e9))  # Django tells two files of one second apart by nothing
    assert statics.gather()
    assert "red" in (places / "static" / "one.css").read_text()
    (places / "static" / "staticfiles.json").unlink()
    assert [statics.gather(), statics.gather()] == [True, False]
