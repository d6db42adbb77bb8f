"""What is asked: for which policy or service."""

from __future__ import annotations

from dataclasses import dataclass

from incidents.models import Policy
from servicedesk.directory.models import Service


@dataclass(frozen=True, slots=True)
class Question:
    """What `policy_for` asks of an incident."""

    policy: Policy | None
    service: Service | None
