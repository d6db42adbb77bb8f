"""What Twilio is told to say on a telephone, as TwiML. Every word is escaped; what XML cannot hold is left out."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

DOCUMENT = '<?xml version="1.0" encoding="UTF-8"?><Response>{}</Response>'
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MOST_CHARS = 3000  # Twilio says 4096 at most
WAITS_S = 8
TONGUES = {"en": "en-GB", "de": "de-DE", "fr": "fr-FR"}


def speech(*texts: str, language: str) -> str:
    """Say these and hang up."""
    return DOCUMENT.format("".join(_say(text, language) for text in texts if text) + "<Hangup/>")


def menu(*texts: str, action: str, farewell: str, language: str) -> str:
    """Say these and post the one key pressed meanwhile, or soon after, to `action`; without a key, say farewell."""
    said = "".join(_say(text, language) for text in texts if text)
    gather = f'<Gather numDigits="1" timeout="{WAITS_S}" method="POST" action={quoteattr(action)}>{said}</Gather>'
    return DOCUMENT.format(gather + _say(farewell, language) + "<Hangup/>")


def _say(text: str, language: str) -> str:
    tongue = TONGUES.get(language.partition("-")[0], TONGUES["en"])
    return f'<Say language="{tongue}">{escape(NOT_XML.sub("", text)[:MOST_CHARS])}</Say>'
