"""Faults told to Sentry (SENTRY_DSN): which fault, where in the code, in which release. Nothing of what people wrote.

`sentry-sdk` is no part of the lock: whoever sets SENTRY_DSN installs it beside the desk.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from servicedesk.env import Misconfigured

OPTIONS: Mapping[str, Any] = {
    "send_default_pii": False,
    "include_local_variables": False,
    "include_source_context": False,
    "max_request_body_size": "never",
    "max_breadcrumbs": 0,
    "auto_session_tracking": False,
    "traces_sample_rate": None,
}
# of an event, of a fault in it, and of a place in the code: all else is left out, also what a later version of the SDK adds
KEPT = ("event_id", "timestamp", "platform", "level", "logger", "release", "environment", "sdk", "fingerprint")
KEPT_OF_FAULT = ("type", "module")
KEPT_OF_PLACE = ("filename", "abs_path", "function", "module", "lineno", "in_app")


def configure(dsn: str) -> None:
    """Tell faults from now on; an empty DSN: nobody is told. Raises Misconfigured where the SDK is missing or takes the DSN for none."""
    if not dsn:
        return
    try:
        sdk = importlib.import_module("sentry_sdk")
    except ImportError as error:
        raise Misconfigured("SENTRY_DSN", "needs the package sentry-sdk: install it beside the desk, or remove this setting.") from error
    try:
        sdk.init(dsn=dsn, before_send=gist, before_send_transaction=nothing, **OPTIONS)
    except sdk.utils.BadDsn as error:
        raise Misconfigured("SENTRY_DSN", f"is no DSN of Sentry: {error}.") from error


def gist(event: Mapping[str, Any], _hint: Mapping[str, Any]) -> dict[str, Any] | None:
    """Types of faults and places in the code, and no words: a fault's words may hold a name, a number or a token."""
    faults = [_fault(one) for one in (event.get("exception") or {}).get("values") or []]
    if not faults:
        return None  # a line of the log alone: its words are all there is to it
    return {name: event[name] for name in KEPT if name in event} | {"exception": {"values": faults}}


def nothing(_event: Mapping[str, Any], _hint: Mapping[str, Any]) -> None:
    """Times of requests are not told: their addresses hold keys."""


def _fault(one: Mapping[str, Any]) -> dict[str, Any]:
    places = (one.get("stacktrace") or {}).get("frames") or []
    frames = [{name: place[name] for name in KEPT_OF_PLACE if name in place} for place in places]
    kept = {name: one[name] for name in KEPT_OF_FAULT if name in one}
    handled = (one.get("mechanism") or {}).get("handled")
    return kept | {"stacktrace": {"frames": frames}, "mechanism": {"type": "generic", "handled": bool(handled)}}
