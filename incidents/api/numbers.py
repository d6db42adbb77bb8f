"""Numbers in addresses: prefixed or bare, T-1042 and 1042."""

from __future__ import annotations


class TicketNumber:
    regex = "(?:[Tt]-)?[0-9]{1,18}"
    prefix = "T-"

    def to_python(self, value: str) -> int:
        return int(value.rpartition("-")[2])

    def to_url(self, value: int) -> str:
        return f"{self.prefix}{value}"


class IncidentNumber(TicketNumber):
    regex = "(?:[Ii][Nn][Cc]-)?[0-9]{1,18}"
    prefix = "INC-"
