"""Whose language: pages and letters speak the reader's, what is stored speaks the house's.

A person's is the one they chose, else the house's; a page falls back to the browser's. What a deed writes down is read
by everybody later, so it is written in the language of the house whoever does it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import wraps
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.functional import lazy
from django.utils.translation import gettext, ngettext

from servicedesk.directory.models import Organisation, User

KNOWN = tuple(code for code, _name in settings.LANGUAGES)
Given = ParamSpec("Given")
Made = TypeVar("Made")


def chosen(person: User | None) -> str:
    """The language this person chose; empty where they chose none."""
    return person.language if person is not None and person.language in KNOWN else ""


def of(person: User | None) -> str:
    """The language this person is written to and called in."""
    return chosen(person) or house()


def house() -> str:
    """Of what is stored, and of whoever chose none."""
    language = Organisation.language_of_all()
    return language if language in KNOWN else str(settings.LANGUAGE_CODE)


def reader(person: User | None) -> AbstractContextManager[None]:
    """Within it, words are this person's."""
    return translation.override(of(person))


def page(person: User | None) -> AbstractContextManager[None]:
    """Within it, words are those of this person's page: theirs, else the browser's."""
    return translation.override(chosen(person) or translation.get_language())


def in_house() -> AbstractContextManager[None]:
    """Within it, words are the house's."""
    return translation.override(house())


def deed(do: Callable[Given, Made]) -> Callable[Given, Made]:
    """One transaction, and what it writes down is in the language of the house."""

    @wraps(do)
    def done(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        with in_house(), transaction.atomic():
            return do(*args, **kwargs)

    return done


def _ask(make: Callable[[], str]) -> str:
    return make()


_asked = lazy(_ask, str)


def later_from(make: Callable[[], str]) -> str:
    """What a function says, asked whenever it is read, in the language of whoever reads it."""
    made: str = _asked(make)
    return made


def later(words: str, said: Mapping[str, object] | None = None) -> str:
    """A sentence put together when it is read. Its words are marked as gettext's are."""
    return later_from(lambda: gettext(words) % said if said else gettext(words))


def later_of(one: str, many: str, n: int, said: Mapping[str, object]) -> str:
    """The same with a number."""
    return later_from(lambda: ngettext(one, many, n) % said)
