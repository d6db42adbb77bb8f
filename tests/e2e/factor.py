"""One code opens every second factor of the acceptance world."""

from __future__ import annotations

from allauth.mfa.totp.internal import auth

from tests.e2e.client import CODE


def open_with_one_code() -> None:
    auth._is_insecure_bypass = lambda given: given == CODE
