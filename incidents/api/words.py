"""A field of words that show."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from incidents import legible


class Words(serializers.CharField):
    """Text; all blanks and invisible characters are as good as none."""

    def to_internal_value(self, data: Any) -> str:
        words: str = super().to_internal_value(data)
        if not self.allow_blank and not legible.shows(words):
            self.fail("blank")
        return words
