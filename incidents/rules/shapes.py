"""The nouns of rules: what is asked, what is counted, what was decided. Plain values that know nothing of rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, Protocol, TypeAlias

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
Facts: TypeAlias = Mapping[str, JSON]
Tree: TypeAlias = Mapping[str, JSON]
Kind: TypeAlias = Literal["severity", "escalation"]
Mode: TypeAlias = Literal["draft", "shadow", "live"]
Counting: TypeAlias = Literal["tickets", "alerts"]

SCHEMA = 1
ABOVE_CAP = "storm:"  # the group of what a rule fires above its cap is this and its key
DEFAULT_GROUP = "service:<slug>"


class RuleError(ValueError):
    """A rule that cannot be read: `path` says which part, `problem` what to do about it; wording says it in other languages."""

    def __init__(self, path: str, msgid: str, **said: str) -> None:
        self.path, self.msgid, self.said = path, msgid, said
        self.problem = msgid % said if said else msgid
        super().__init__(f"{path}: {self.problem}")


@dataclass(frozen=True, slots=True)
class Repeat:
    """At least so many alike within a window, the one at hand included.

    `same` names what they share (SHARED in fields.py). `times_usual` counts only once `weeks_of_history` are kept;
    until then `at_least` alone decides, and `at_least_without_history` is enough without similar text.
    `after_solved`: besides this one, only tickets solved within the window and before this one was reported.
    """

    at_least: int
    within_s: int
    same: tuple[str, ...]
    of: Counting = "tickets"
    distinct_people: bool = False
    times_usual: float | None = None
    weeks_of_history: float = 8
    at_least_without_history: int | None = None
    after_solved: bool = False

    @property
    def is_return(self) -> bool:
        """One person's problem with one service that came back after it was solved, and nothing else."""
        return self.after_solved and self.at_least == 2 and set(self.same) == {"requester", "service"} and not self._is_more

    @property
    def _is_more(self) -> bool:
        return self.of == "alerts" or self.distinct_people or bool(self.times_usual or self.at_least_without_history)


@dataclass(frozen=True, slots=True)
class Action:
    """`do` is a key of ACTIONS; `when` is a further condition, which may also ask `repeat.people` and `repeat.number`."""

    do: str
    args: Mapping[str, JSON] = field(default_factory=dict)
    when: Tree | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    id: int
    version: int
    position: int
    kind: Kind
    key: str
    name: str
    mode: Mode
    conditions: Tree
    repeat: Repeat | None
    actions: tuple[Action, ...]
    group: str = DEFAULT_GROUP
    fire_cap: int | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """What a history found: `items` are ids for people ("T-1042"), this one included.

    `usual`: how many are usual in a window of this length at this hour of the week, sharing the same but the text;
    None when not known. `weeks`: how much history that stands on.
    """

    number: int
    people: int
    items: tuple[str, ...] = ()
    since: datetime | None = None
    usual: float | None = None
    weeks: float = 0.0


class History(Protocol):
    def count(self, repeat: Repeat, facts: Facts, now: datetime) -> Counted:
        """How many share `repeat.same` with these facts from `now - within_s` to `now`, both ends included.

        Left out: requests, what monitoring logged, shared mailboxes and service accounts, children of an incident,
        imports. Asked only where the facts hold every value that must be shared.
        """


class Seen(NamedTuple):
    """One condition and what it saw. `passed` is None where it cannot be decided: the fact is not known."""

    field: str
    op: str
    wanted: JSON
    seen: JSON
    passed: bool | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one rule made of the facts. `actions` act; those of a shadow rule stand in `would` and nothing acts.

    `matched` None: not decidable. `grounds` are the places in `trace` that made it so; `chosen_by` says the same of the
    actions' own `when`, of those that held and those that did not.
    """

    rule_id: int
    version: int
    key: str
    name: str
    kind: Kind
    mode: Mode
    matched: bool | None
    trace: tuple[Seen, ...]
    grounds: tuple[int, ...] = ()
    actions: tuple[Action, ...] = ()
    would: tuple[Action, ...] = ()
    chosen_by: tuple[Seen, ...] = ()
    counted: Counted | None = None
    group_key: str = ""

    @property
    def because(self) -> tuple[Seen, ...]:
        """The conditions that decided."""
        return tuple(self.trace[at] for at in self.grounds)

    def action(self, do: str) -> Action | None:
        return next((action for action in self.actions if action.do == do), None)


@dataclass(frozen=True, slots=True)
class Decision:
    """`severity`: the rank after these rules, a person's word and earlier rises; None is unrated.

    `recheck_at`: the earliest moment at which time alone could change an outcome.
    """

    outcomes: tuple[Outcome, ...]
    recheck_at: datetime | None
    severity: int | None = None

    def live(self) -> Iterator[Outcome]:
        """The outcomes that act, in the rules' order."""
        return (outcome for outcome in self.outcomes if outcome.actions)

    def action(self, do: str) -> Action | None:
        """The first live action of that kind: where two rules disagree the earlier one is heard."""
        return next((action for outcome in self.live() if (action := outcome.action(do))), None)
