"""What a probe is made of: options, figures, and what one run of it found."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Literal

from django.utils.functional import Promise

from servicedesk.deadline import Deadline

Words = str | Promise
Kind = Literal["system", "network", "application", "database", "security", "mail"]
Form = Literal["text", "secret", "whole", "number", "flag", "choice", "words", "lines", "pattern", "host", "url", "path"]
Allowed = Sequence[tuple[IPv4Network | IPv6Network, int]]


@dataclass(frozen=True, slots=True)
class Option:
    """`source`: who else uses this default. `low` and `high` bound numbers; `words` are parted by commas, `lines` by lines."""

    name: str
    label: Words
    form: Form = "text"
    default: Any = ""
    help: Words = ""
    unit: str = ""
    source: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """Something a probe measures. `warn` and `crit` are default ranges as Nagios writes them; `source` says whose they are."""

    name: str
    unit: str
    label: Words
    warn: str = ""
    crit: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One value. `of`: which one (a mount, a table). `warn`/`crit` None: the figure's own; an empty text: none."""

    figure: str
    value: float
    of: str = ""
    warn: str | None = None
    crit: str | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """What could not be read, why, and what to do about it. It makes the check unknown, never zero and never well."""

    what: str
    why: str
    remedy: str


@dataclass(slots=True)
class Finding:
    """What a run found. `memory` is handed to the next run (JSON). `more`: items of checks of their own (an attacker's address)."""

    readings: list[Reading] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    detail: str = ""
    memory: dict[str, Any] | None = None
    more: list[dict[str, Any]] = field(default_factory=list)

    def measure(self, figure: str, value: float, of: str = "", **limits: str | None) -> None:
        if math.isfinite(value):
            self.readings.append(Reading(figure, float(value), of, **limits))
        else:
            self.lack(f"{figure} {of}".strip(), "it is not a number", "See what the source of it measures.")

    def lack(self, what: str, why: str, remedy: str) -> None:
        self.missing.append(Missing(what, why, remedy))

    def fault(self, status: str, words: str) -> None:
        self.faults.append((status, words))


@dataclass(frozen=True, slots=True)
class Context:
    """What a run may use: its time, its targets, what the last run left. `now` is the desk's time."""

    deadline: Deadline
    now: datetime
    allow: Allowed = ()
    memory: Mapping[str, Any] = field(default_factory=dict)
    plugin_dir: str = ""
    check: str = ""


Run = Callable[[Mapping[str, Any], Context], Finding]


@dataclass(frozen=True, slots=True)
class Probe:
    """`silence`: what it means when the deadline passes: critical where the other side owed an answer, else unknown."""

    name: str
    title: Words
    kind: Kind
    run: Run
    figures: tuple[Figure, ...] = ()
    options: tuple[Option, ...] = ()
    privilege: Words = ""
    every_s: int = 60
    deadline_s: float = 10.0
    silence: Literal["critical", "unknown"] = "unknown"
    is_inside: bool = False  # it reads our own rows: in the caller's thread, and not by an agent
    is_of_host: bool = False  # what it finds wrong is better understood with the host's processes and log beside it

    def figure(self, name: str) -> Figure | None:
        return next((figure for figure in self.figures if figure.name == name), None)
