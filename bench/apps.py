"""Importing this sets Django up on an empty folder, unless it stands already: what is replayed may import what stands beside rows."""

from __future__ import annotations

import os
import tempfile

import django
from django.apps import apps

if not apps.ready:
    os.environ.update(ENV_FILE=os.devnull, SITE_URL="http://127.0.0.1:8000", DJANGO_SETTINGS_MODULE="servicedesk.settings")
    os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="desk-bench-"))
    django.setup()
IS_SET_UP = True
