from __future__ import annotations

from allauth.mfa.totp.internal import auth
from django.apps import AppConfig

from notifications import channels

CODE = "000000"


class AcceptanceConfig(AppConfig):
    name = "tests.e2e"
    label = "e2e"

    def ready(self) -> None:
        """Every channel is carried by the provider of this process, and one code opens every second factor."""
        channels.CHANNELS.update(dict.fromkeys(channels.CHANNELS, "tests.e2e.provider"))
        auth._is_insecure_bypass = lambda given: given == CODE
