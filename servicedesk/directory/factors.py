"""The second factor: of whom it is asked, and whether this session still owes it."""

from __future__ import annotations

from allauth.mfa.utils import is_mfa_enabled
from django.contrib.sessions.backends.base import SessionBase

from servicedesk.directory.models import Organisation, User

DUE = "second_factor_due"


def note(session: SessionBase, user: User) -> None:
    """Remember at sign-in whether a role of this person asks for a factor they have not set up."""
    house = Organisation.current()
    asked = house is not None and user.holds(*house.second_factor_for)
    session[DUE] = asked and not is_mfa_enabled(user)


def is_due(session: SessionBase) -> bool:
    return bool(session.get(DUE))


def settle(session: SessionBase) -> None:
    """It was set up."""
    session.pop(DUE, None)
