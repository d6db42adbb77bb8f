"""What all hooks of providers share: is it genuine, and what does it say."""

from __future__ import annotations

from collections.abc import Collection

from django.http import HttpRequest

from notifications.channels import signature

NUL = "\x00"  # PostgreSQL keeps no such character


def twilio_request_is_genuine(request: HttpRequest, *, needs: Collection[str] = ("MessageSid", "From", "Body")) -> bool:
    """Whether Twilio signed this POST for our account, with every field in `needs`; the defaults are those of a text message."""
    return signature.valid(request, needs=needs)


def twilio_fields(request: HttpRequest) -> dict[str, str]:
    """The form of a genuine request."""
    return {name: str(value).replace(NUL, "") for name, value in request.POST.items()}
