"""The page as files in DATA_DIR/status, written every minute: a web server gives them out when the desk itself cannot."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from incidents import silences
from incidents.statuspage.picture import AHEAD, Picture, picture, updates
from servicedesk.directory import tongues
from servicedesk.directory.models import Organisation

PAGE, FEED = "index.html", "feed.atom"
ENTRIES = 30
READABLE = 0o644
EVERYBODYS = '<meta name="audience" content="everybody">'
STYLE = (settings.BASE_DIR / "templates" / "status" / "status.css").read_text()
STYLE_HASH = f"'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
"""What a browser compares the style in the page with: it may be given out from a cache, so there is no number used once."""


def folder() -> Path:
    return Path(settings.DATA_DIR) / "status"


def keep(*, now: datetime) -> int:
    """The engine's pass: page and feed as they are now. A file is whole or the one before. 0: no row is moved by it."""
    if Organisation.current() is None:
        return 0
    seen = picture(now=now)
    _write(PAGE, page(seen))
    _write(FEED, feed(now=now))
    return 0


def kept() -> str | None:
    """The last good copy of the page, where it was for everybody: whoever asks cannot be looked up now. None: there is none."""
    try:
        text = (folder() / PAGE).read_text()
    except FileNotFoundError:
        return None
    return text if EVERYBODYS in text else None


def page(seen: Picture, *, is_file: bool = True) -> str:
    """HTML that needs nothing else: its style is in it, and there is no script."""
    with timezone.override(seen.zone), tongues.in_house():
        return render_to_string("status/status.html", {"seen": seen, "is_file": is_file, "site_url": settings.SITE_URL})


def feed(*, now: datetime) -> str:
    told = list(updates()[:ENTRIES])
    context: dict[str, Any] = {"updates": told, "now": now, "site_url": settings.SITE_URL, "organisation": Organisation.current()}
    context["work"] = silences.announced(now=now, ahead=AHEAD)
    with tongues.in_house():
        return render_to_string("status/feed.atom", context)


def _write(name: str, text: str) -> None:
    place = folder()
    place.mkdir(mode=0o755, parents=True, exist_ok=True)
    descriptor, path = tempfile.mkstemp(prefix=f".{name}.", dir=place)
    new = Path(path)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        new.chmod(READABLE)  # a web server reads it as another user
        new.replace(place / name)
    finally:
        new.unlink(missing_ok=True)
