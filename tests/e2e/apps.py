from __future__ import annotations

from django.apps import AppConfig

from notifications import channels


class AcceptanceConfig(AppConfig):
    name = "tests.e2e"
    label = "e2e"

    def ready(self) -> None:
        """Every channel the product has is carried by the provider of this process."""
        channels.CHANNELS.update(dict.fromkeys(channels.CHANNELS, "tests.e2e.provider"))
