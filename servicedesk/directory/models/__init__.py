"""Who works here, where, and what we run."""

from __future__ import annotations

from servicedesk.directory.models.organisation import HeldFor, Organisation
from servicedesk.directory.models.people import Grant, Role, Site, Team, User
from servicedesk.directory.models.services import Service, ServiceState

__all__ = ["Grant", "HeldFor", "Organisation", "Role", "Service", "ServiceState", "Site", "Team", "User"]
