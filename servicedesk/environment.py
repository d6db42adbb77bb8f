"""The environment this process was started with, a `.env` file included: read once, before any setting."""

from __future__ import annotations

import os
from pathlib import Path

from servicedesk.env import Env, read_dotenv, refuse_unknown

BASE_DIR = Path(__file__).resolve().parent.parent
read_dotenv(Path(os.environ.get("ENV_FILE") or BASE_DIR / ".env"), os.environ)
refuse_unknown(os.environ)
env = Env(os.environ)
