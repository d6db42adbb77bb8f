"""The product's settings as the test suite starts them: a fresh folder, a cheap password hash, no outside."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from servicedesk import env

for name in [name for name in os.environ if env.known(name) and name not in env.INTERNAL | {"DATA_DIR"}]:
    del os.environ[name]  # what a developer's shell is set up for must not steer a test
if "DATA_DIR" not in os.environ:
    os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="desk-test-")
    atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)
elif (worker := os.environ.get("PYTEST_XDIST_WORKER")) and Path(os.environ["DATA_DIR"]).name != worker:
    os.environ["DATA_DIR"] = str(Path(os.environ["DATA_DIR"]) / worker)  # two at a time do not meet in one folder
    Path(os.environ["DATA_DIR"]).mkdir(exist_ok=True)
os.environ.update(ENV_FILE=os.devnull, SITE_URL="http://testserver", LOG_FORMAT="console")
os.environ.update(TWILIO_ACCOUNT_SID="AC" + "0" * 32, TWILIO_AUTH_TOKEN="test-token", TWILIO_FROM="+15005550006")
for ours, given in {"DATABASE_URL": "TEST_DATABASE_URL", "REDIS_URL": "TEST_REDIS_URL"}.items():
    if os.environ.get(given):
        os.environ[ours] = os.environ[given]

from servicedesk.settings import *  # noqa: E402, F403
from servicedesk.settings import CELERY_BROKER_TRANSPORT_OPTIONS, DATA_DIR, DATABASES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
else:
    DATABASES["default"]["TEST"] = {"NAME": f"desk_test_{os.getpid()}"}  # runs side by side do not meet
    DATABASES["default"]["OPTIONS"]["options"] += " -c synchronous_commit=off"
PROBES_AT_ONCE = 0
CELERY_BROKER_TRANSPORT_OPTIONS = {**CELERY_BROKER_TRANSPORT_OPTIONS, "global_keyprefix": f"desk-test-{os.getpid()}:"}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": DATA_DIR / "files"}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
SELF_WATCH = False
WHITENOISE_AUTOREFRESH = True
