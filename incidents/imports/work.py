"""A whole file: looked at first, then written ticket by ticket; what cannot be used comes back as a CSV that says why."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from incidents import vault
from incidents.imports import mapping, reading, writing
from incidents.imports.mapping import BadMap, Fault, Map, Record
from incidents.imports.reading import CannotRead
from incidents.vault import Kept
from servicedesk.directory.models import User
from servicedesk.jobs import sheets, work
from servicedesk.jobs.models import Job
from servicedesk.jobs.running import JobRefused, Result, Run

KIND = "import tickets"
SHIPPED = Path(__file__).parent / "maps"
PREVIEWED = 20
PIECE = 25  # tickets between two checkpoints


@dataclass(slots=True)
class Told:
    """One ticket's rows with what they say; `faults` of any row refuse them all."""

    key: str
    rows: list[Mapping[str, Any]] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)

    @property
    def faults(self) -> list[Fault]:
        return [fault for record in self.records for fault in record.faults]


def shipped() -> dict[str, str]:
    """The maps that come with the desk: name of the file and what it is for."""
    return {path.stem: json.loads(path.read_text())["name"] for path in sorted(SHIPPED.glob("*.json"))}


def map_called(name: str) -> Map:
    """A map that comes with the desk, or one in a file. Raises BadMap."""
    path = SHIPPED / f"{name}.json" if name in shipped() else Path(name)
    try:
        return mapping.read_map(json.loads(path.read_text()))
    except OSError as error:
        raise BadMap(f"There is no map {name}. Those that come with the desk: {', '.join(shipped())}.") from error
    except json.JSONDecodeError as error:
        raise BadMap(f"{name} is no JSON: {error.msg} in line {error.lineno}.") from error


def told(content: bytes, by: Map) -> list[Told]:
    """Every ticket of the file, in the order of its first row; history in the order of its time. Raises CannotRead."""
    found: dict[str, Told] = {}
    for number, row in enumerate(reading.rows(content, by.rows)):
        record = mapping.record(row, by)
        key = record.key or f"\0{number}"
        key = key if by.events or key not in found else f"{key}\0{number}"
        one = found.setdefault(key, Told(record.key))
        one.rows.append(row)
        one.records.append(record)
    for one in found.values():
        if not one.faults:
            one.records.sort(key=lambda record: record.values.get("updated_at") or record.values["created_at"])
    return list(found.values())


def words(fault: Fault) -> str:
    """What is wrong with a cell, and what to do."""
    said = {
        "missing": _("%(column)s is empty, and it is needed."),
        "date": _("%(column)s: “%(value)s” is no moment in the form the map names."),
        "word": _("%(column)s: “%(value)s” is not in the map. Add it under “values”, “%(field)s”."),
    }
    return said[fault.code] % {"column": fault.column, "value": fault.value, "field": fault.field}


def ask(user: User, kept: Kept, map_name: str, *, now: datetime) -> Job:
    """A job that writes this file's tickets. Raises BadMap, CannotRead."""
    number = len(told(vault.path_of(kept.sha256).read_bytes(), map_called(map_name)))
    parameters = {"sha256": kept.sha256, "name": kept.name, "map": map_name}
    return work.start(
        KIND, asked_by=user, title=_("Import of %(name)s") % {"name": kept.name}, parameters=parameters, now=now, total=number
    )


def tickets(run: Run) -> Result:
    """The kind of job: pieces of tickets; its file holds the rows that were refused and why."""
    asked = run.job.parameters
    try:
        by, content = map_called(asked["map"]), vault.path_of(asked["sha256"]).read_bytes()
        every = told(content, by)
    except (BadMap, CannotRead, OSError) as error:
        raise JobRefused(str(error)) from error
    at, tally = (run.checkpoint or [0, {}])[0], Counter(dict((run.checkpoint or [0, {}])[1]))
    have, head = writing.known(by), list(every[0].rows[0])
    if at == 0:
        run.progress(0, total=len(every), checkpoint=[0, {}], text=sheets.lines([[*head, _("Why")]]))
    while piece := every[at : at + PIECE]:
        refused = list(_write(piece, by, have, tally, actor=run.job.asked_by, now=run.now))
        at += len(piece)
        run.progress(at, checkpoint=[at, dict(tally)], text=sheets.lines(lines(refused, head)))
    return Result(
        figures=dict(tally), file_name=f"rejects-{Path(asked['name']).stem[:60]}.csv" if tally["refused"] else "", message=said(tally)
    )


def _write(
    piece: list[Told], by: Map, have: writing.Known, tally: Counter[str], *, actor: User, now: datetime
) -> Iterator[tuple[Told, str]]:
    """Each in its own transaction; what could not be written, with the reason."""
    for one in piece:
        why = " ".join(dict.fromkeys(map(words, one.faults)))
        if not why:
            try:
                with transaction.atomic():
                    _ticket, outcome = writing.write(one.records, by, have, actor=actor, now=now)
                tally[outcome] += 1
                continue
            except (ValueError, TypeError, KeyError) as error:
                why = _("It could not be written: %(why)s") % {"why": error}
        tally["refused"] += 1
        yield one, why


def lines(refused: list[tuple[Told, str]], head: list[str]) -> Iterator[list[object]]:
    for one, why in refused:
        for row in one.rows:
            yield [*(row.get(name, "") for name in head), why]


def said(tally: Mapping[str, int]) -> str:
    return _("%(made)d made, %(updated)d updated, %(kept)d left as they are here, %(refused)d refused.") % {
        name: tally.get(name, 0) for name in ("made", "updated", "kept", "refused")
    }


def write_all(content: bytes, by: Map, *, actor: User, now: datetime) -> tuple[Counter[str], list[tuple[Told, str]]]:
    """The whole file at once, for the command: how many of each, and what was refused."""
    tally: Counter[str] = Counter()
    refused = list(_write(told(content, by), by, writing.known(by), tally, actor=actor, now=now))
    return tally, refused
