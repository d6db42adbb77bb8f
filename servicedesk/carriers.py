"""Who carries letters, as the environment names them: a mail server or a mail service, and telephone accounts, each with a second."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any
from urllib.parse import SplitResult, unquote

from servicedesk.env import Env, Misconfigured

PORTS = {"smtp": 25, "smtps": 465, "smtp+tls": 587}
SENDER = (r"\+[1-9]\d{6,14}|MG[0-9A-Za-z]+", "a number such as +33123456789 or a messaging service SID")


def mail(env: Env) -> dict[str, Any]:
    """EMAIL_URL (smtp://user:password@host:port, smtps, smtp+tls) or an ANYMAIL_PROVIDER with its keys."""
    provider = env.matching("ANYMAIL_PROVIDER", "", "[a-z_0-9]+", "a mail service's name")
    parts = env.url("EMAIL_URL", "", tuple(PORTS), host=True)
    if provider and parts:
        raise Misconfigured("EMAIL_URL", "give this or ANYMAIL_PROVIDER, not both.")
    if provider and find_spec(f"anymail.backends.{provider}") is None:
        raise Misconfigured("ANYMAIL_PROVIDER", f"'{provider}' is not a mail service Anymail knows, such as postmark or amazon_ses.")
    if provider:
        return {"backend": f"anymail.backends.{provider}.EmailBackend", "host": "", "port": 0}
    if not parts:
        return {"backend": "", "host": "", "port": 0}
    return {"backend": "django.core.mail.backends.smtp.EmailBackend", **_server(parts)}


def second_mail(env: Env, *, has_first: bool) -> dict[str, Any] | None:
    """EMAIL_URL_SECOND, a server for when the first carrier is down."""
    parts = env.url("EMAIL_URL_SECOND", "", tuple(PORTS), host=True)
    if parts and not has_first:
        raise Misconfigured("EMAIL_URL_SECOND", "is the second one: give EMAIL_URL or ANYMAIL_PROVIDER first.")
    return _server(parts) if parts else None


def second_phone(env: Env, *, has_first: bool) -> dict[str, str] | None:
    """Another account, or another service with Twilio's interface, for when the first one is down."""
    base = env.url("TWILIO_SECOND_API_BASE", "", ("http", "https"), host=True)
    given = {
        "sid": env.text("TWILIO_SECOND_ACCOUNT_SID"),
        "token": env.text("TWILIO_SECOND_AUTH_TOKEN"),
        "sender": env.matching("TWILIO_SECOND_FROM", "", *SENDER),
    }
    if (base or any(given.values())) and not (has_first and all(given.values())):
        raise Misconfigured("TWILIO_SECOND_ACCOUNT_SID", "needs a first account, and TWILIO_SECOND_AUTH_TOKEN and _FROM beside it.")
    return {**given, "base": base.geturl().rstrip("/") if base else ""} if all(given.values()) else None


def _server(parts: SplitResult) -> dict[str, Any]:
    return {
        "host": parts.hostname,
        "port": parts.port or PORTS[parts.scheme],
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "tls": parts.scheme == "smtp+tls",
        "ssl": parts.scheme == "smtps",
    }
