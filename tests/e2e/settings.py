"""The settings of the acceptance world: the product's own, with a movable clock and nobody outside.

Nothing of the shell's environment steers it but DATA_DIR, BIND, PORT, SITE_URL and LOG_FORMAT.
"""

from __future__ import annotations

import os
from pathlib import Path

from servicedesk import env

KEPT = {"DATA_DIR", "BIND", "PORT", "SITE_URL", "LOG_FORMAT"}
for name in [name for name in os.environ if env.known(name) and name not in KEPT]:
    del os.environ[name]
os.environ.setdefault("DATA_DIR", str(Path(__file__).resolve().parents[2] / "var" / "e2e"))
os.environ.setdefault("LOG_FORMAT", "console")
os.environ.update(ENV_FILE=os.devnull, EMAIL_URL="smtp://127.0.0.1:9")  # nobody dials it: see tests/e2e/apps.py
os.environ.update(TWILIO_ACCOUNT_SID="AC" + "0" * 32, TWILIO_AUTH_TOKEN="e2e", TWILIO_FROM="+15005550006")

from servicedesk.settings import *  # noqa: E402, F403
from servicedesk.settings import ANYMAIL, DATA_DIR, DATABASES, INSTALLED_APPS, MIDDLEWARE  # noqa: E402

INSTALLED_APPS = [*INSTALLED_APPS, "tests.e2e.apps.AcceptanceConfig"]
MIDDLEWARE = ["tests.e2e.middleware.stand_still", *MIDDLEWARE]
ROOT_URLCONF = "tests.e2e.urls"
ANYMAIL["WEBHOOK_SECRET"] = "e2e:e2e"  # by which a test sends mail in
SELF_WATCH = False  # the world moves its clock by hand
PROBES_AT_ONCE = 0  # each is run in its own moment
CLOCK_FILE = DATA_DIR / "clock"
STYLEGUIDE = True
ACCOUNT_RATE_LIMITS = False  # a suite signs in more often than people do
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
CELERY_BROKER_URL = "memory://localhost"  # the doorbell is mute: what is due is delivered by the world itself
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {}
