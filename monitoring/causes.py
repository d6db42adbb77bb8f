"""Which unit caused it: units ranked by what their log lines did around the first bad moment, each with its evidence. Pure.

Ten minutes before and one after the first bad moment are compared with the day before. What is new, what got louder, what
was first, what systemd and the kernel say of a unit, and whom others name in their errors: each is a reason with a weight.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

BEFORE, AFTER, BASELINE = timedelta(minutes=10), timedelta(minutes=1), timedelta(hours=24)
ERROR, WARNING = 3, 4  # syslog priorities: what is lower is worse
MOST_LINES, SHOWN_LINES, SHOWN = 200_000, 4, 5
FOLLOWS_S, LED_LEAST = 120.0, 0.1  # effects that come two minutes later count a third

VARIABLE = re.compile(
    r"0x[0-9a-fA-F]{1,16}|\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b|\b[0-9a-fA-F]{12,64}\b"
    r"|/[\w./-]{2,200}|\d{1,20}(?:[.:]\d{1,20}){0,8}|'[^']{0,200}'|\"[^\"]{0,200}\""
)
UNIT = re.compile(r"\b([\w@.-]{1,100}\.(?:service|socket|mount|timer|scope))\b")
OF_UNIT = re.compile(r"^([\w@.\\-]{1,100}\.(?:service|mount|socket)): ")
FAILURE = re.compile(
    r"Failed with result|Main process exited, code=(?:exited, status=[1-9]|killed|dumped)"
    r"|Start request repeated too quickly|Watchdog timeout"
)
CHANGE = re.compile(r"^(?:Reload(?:ing|ed)|Stopp(?:ing|ed)|Start(?:ing|ed)) ")
OOM = re.compile(r"(?:oom-kill:.{0,400}task_memcg=\S{0,300}?/([\w@.\\-]{1,100}\.(?:service|scope))|Killed process \d+ \(([\w./-]{1,40})\))")
PACKAGE = re.compile(r"(?:status installed|upgrade|Unpacking|Setting up) ([a-z0-9][a-z0-9+.-]{1,60})")
TROUBLE = re.compile(
    r"error|fail|refused|timed? ?out|cannot|could not|unable|panic|fatal|denied|exception|no space|segfault|corrupt", re.IGNORECASE
)
INSTALLERS = ("apt", "dpkg", "packagekit", "unattended")
MANAGERS = ("init.scope", "systemd", "kernel", "")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the journal: `unit` as journald names it, `priority` syslog's (7 is debug)."""

    at: datetime
    unit: str
    priority: int
    text: str


@dataclass
class Suspect:
    """`reasons` in words, the strongest first; `lines` the evidence, oldest first."""

    unit: str
    score: float = 0.0
    reasons: list[tuple[float, str]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    def add(self, weight: float, words: str, *lines: Line) -> None:
        self.score += weight
        self.reasons.append((weight, words))
        self.lines += [line for line in lines if line not in self.lines]


@dataclass(frozen=True)
class Look:
    """The lines around the moment, those of the day before, and of the former what the day before did not have."""

    window: Sequence[Line]
    before: Sequence[Line]
    kinds: Mapping[Line, str]
    usual: frozenset[tuple[str, str]]

    @cached_property
    def fresh(self) -> list[Line]:
        return [line for line in self.window if (line.unit, self.kinds[line]) not in self.usual]

    @cached_property
    def trouble(self) -> list[Line]:
        return [line for line in self.fresh if is_trouble(line)]


def rank(lines: Iterable[Line], *, first_bad: datetime) -> list[Suspect]:
    """Units by what speaks against them, the worst first; those with nothing against them are left out."""
    look = _look(sorted(list(lines)[-MOST_LINES:], key=lambda line: line.at), first_bad)
    suspects: defaultdict[str, Suspect] = defaultdict(lambda: Suspect(""))
    for line in look.window:
        suspects[line.unit].unit = line.unit
    for rule in (_state, _new, _louder, _named, _first):
        rule(look, suspects)
    found = [one for one in suspects.values() if one.score > 0 and one.unit not in MANAGERS]
    return sorted(found, key=lambda one: -one.score)


def _look(lines: Sequence[Line], first_bad: datetime) -> Look:
    units = {line.unit for line in lines}
    window = [_owned(line, units) for line in lines if first_bad - BEFORE <= line.at <= first_bad + AFTER]
    before = [_owned(line, units) for line in lines if first_bad - BASELINE <= line.at < first_bad - BEFORE]
    usual = frozenset((line.unit, template(line.text)) for line in before)
    return Look(window, before, {line: template(line.text) for line in window}, usual)


def template(text: str) -> str:
    """A line without what varies: numbers, ids, addresses, paths, quoted words."""
    return VARIABLE.sub("*", text)[:300]


def in_words(found: Sequence[Suspect]) -> str:
    """The first few as a text for an alert."""
    parts = []
    for number, one in enumerate(found[:SHOWN], 1):
        why = "; ".join(words for _weight, words in sorted(one.reasons, reverse=True)[:4])
        shown = [f"     {line.at:%H:%M:%S} {line.text[:160]}" for line in sorted(one.lines, key=lambda line: line.at)[:SHOWN_LINES]]
        parts.append("\n".join([f"{number}. {one.unit}: {why}", *shown]))
    return "\n".join(parts)


def _owned(line: Line, units: Set[str]) -> Line:
    """What systemd, the kernel or the package manager say of a unit counts as that unit's."""
    if about := OF_UNIT.match(line.text):
        return replace(line, unit=about[1])
    if killed := OOM.search(line.text):
        unit = killed[1] or f"{killed[2]}.service"  # the name of a process is that of a unit only where there is one
        return replace(line, unit=unit, priority=min(line.priority, ERROR)) if killed[1] or unit in units else line
    if line.unit in MANAGERS and CHANGE.match(line.text) and (named := UNIT.search(line.text)):
        return replace(line, unit=named[1])
    return line


def is_trouble(line: Line) -> bool:
    """A warning or worse, or words of trouble; a file tells no priority."""
    return line.priority <= WARNING or bool(TROUBLE.search(line.text))


def _state(look: Look, suspects: dict[str, Suspect]) -> None:
    """What systemd and the kernel say outright, and what was installed or restarted just before."""
    installed = [line for line in look.window if line.unit.startswith(INSTALLERS)]
    packages = {name for line in installed for name in PACKAGE.findall(line.text)}
    changed: set[str] = set()
    for line in look.window:
        one, is_usual = suspects[line.unit], (line.unit, look.kinds[line]) in look.usual
        if OOM.search(line.text):
            one.add(6, "the kernel killed it for want of memory", line)
        elif FAILURE.search(line.text) and not is_usual:
            one.add(2.5, "systemd says it failed", line)
        elif CHANGE.match(line.text) and not is_usual and line.unit not in changed:
            changed.add(line.unit)
            one.add(1.5, "it was started, stopped or reloaded", line)
    for name in packages:
        for unit in [unit for unit in suspects if unit.partition(".")[0].partition("@")[0] in (name, name.partition("-")[0])]:
            suspects[unit].add(3, f"the package {name} was changed just before")


def _new(look: Look, suspects: dict[str, Suspect]) -> None:
    """Kinds of lines the day before did not have; a bad one counts more, and the fourth little more than the third."""
    fresh: defaultdict[str, dict[str, Line]] = defaultdict(dict)
    for line in look.fresh:
        fresh[line.unit].setdefault(look.kinds[line], line)
    for unit, lines in fresh.items():
        bad = [line for line in lines.values() if is_trouble(line)]
        weight = 1.5 * math.log2(1 + len(bad)) + 0.4 * math.log2(1 + len(lines) - len(bad))
        if weight:
            suspects[unit].add(
                weight, f"{len(lines)} new kinds of lines, {len(bad)} of trouble", *(bad or list(lines.values()))[:SHOWN_LINES]
            )


def _louder(look: Look, suspects: dict[str, Suspect]) -> None:
    """Bad lines against the usual number in ten minutes. It counts little: victims are louder than culprits."""
    share = (BEFORE + AFTER) / (BASELINE - BEFORE)
    usual = Counter(line.unit for line in look.before if is_trouble(line))
    for unit, count in Counter(line.unit for line in look.window if is_trouble(line)).items():
        ratio = (count + 1) / (usual[unit] * share + 1)
        if ratio > 2:
            suspects[unit].add(min(math.log2(ratio), 4) / 5, f"{count} lines of trouble, usual are {usual[unit] * share:.1f}")


def _named(look: Look, suspects: dict[str, Suspect]) -> None:
    """Whom others name in their errors. The victims name the culprit, seldom the other way round."""
    for unit in list(suspects):
        stem = re.split(r"[.@]", unit)[0].lower()
        if len(stem) < 4 or unit in MANAGERS:
            continue
        word = re.compile(rf"(?<![\w-]){re.escape(stem)}(?![\w-])", re.IGNORECASE)
        by = {line.unit: line for line in look.trouble if line.unit != unit and line.unit not in MANAGERS and word.search(line.text)}
        if by:
            suspects[unit].add(2 * math.log2(1 + len(by)), f"named in the errors of {', '.join(sorted(by)[:4])}", *list(by.values())[:2])


def _first(look: Look, suspects: dict[str, Suspect]) -> None:
    """Who was in new trouble shortly before others were: causes come before effects, and effects do not wait long."""
    first: dict[str, Line] = {}
    for line in look.trouble:
        if line.unit not in MANAGERS:
            first.setdefault(line.unit, line)
    order = sorted(first.values(), key=lambda line: line.at)
    for unit, line in first.items():
        gaps = [(other.at - line.at).total_seconds() for other in order if other is not line and other.at >= line.at]
        led, place = sum(math.exp(-gap / FOLLOWS_S) for gap in gaps), len(order) - len(gaps)
        if led > LED_LEAST:
            suspects[unit].add(2 * math.log2(1 + led) + 2 / place, f"in trouble shortly before {len(gaps)} others", line)
