"""The reports by the names in their addresses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy

from incidents.reports import delivery, load, noise, people, promises, repeats, response, vendors
from incidents.reports.asked import Asked
from incidents.reports.shapes import Table, Word


@dataclass(frozen=True, slots=True)
class Kind:
    """`build` gives its tables, none where there is nothing to count; `rows` the rows behind a key of a cell.

    `rows` raises ValueError, KeyError or IndexError for a key it did not give out.
    """

    name: str
    title: Word
    definitions: Sequence[tuple[Word, Word]]
    build: Callable[[Asked], list[Table]]
    rows: Callable[[Asked, str], Any]
    empty: Word
    everybodys: bool = True
    """False: it knows no teams, so agents do not read it."""


NEEDS_INCIDENT = gettext_lazy("Needs one incident that was triggered in the period.")
NEEDS_TICKET = gettext_lazy("Needs one ticket of the period.")
REPORTS: tuple[Kind, ...] = (
    Kind("response", response.TITLE, response.DEFINITIONS, response.build, response.rows, NEEDS_INCIDENT),
    Kind("clocks", promises.TITLE, promises.DEFINITIONS, promises.build, promises.rows, NEEDS_TICKET),
    Kind("load", load.TITLE, load.DEFINITIONS, load.build, load.rows, NEEDS_TICKET),
    Kind("noise", noise.TITLE, noise.DEFINITIONS, noise.build, noise.rows, NEEDS_INCIDENT),
    Kind("repeats", repeats.TITLE, repeats.DEFINITIONS, repeats.build, repeats.rows, gettext_lazy("Nothing came three times.")),
    Kind("deflection", people.DEFLECTION, people.SPARED, people.spared, people.rows, NEEDS_TICKET),
    Kind("satisfaction", people.SATISFACTION, people.ASKED, people.asked_for, people.rows, gettext_lazy("Needs one solved ticket.")),
    Kind("vendors", vendors.TITLE, vendors.DEFINITIONS, vendors.build, vendors.rows, gettext_lazy("No ticket waited for a vendor.")),
    Kind(
        "delivery",
        delivery.TITLE,
        delivery.DEFINITIONS,
        delivery.build,
        delivery.rows,
        gettext_lazy("No message was sent."),
        everybodys=False,
    ),
)
NAMES = tuple(one.name for one in REPORTS)


def find(name: str) -> Kind | None:
    return next((one for one in REPORTS if one.name == name), None)
