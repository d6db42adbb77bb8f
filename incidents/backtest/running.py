"""One backtest: the period streamed once, every stored evaluation weighed, a sample of what was decided live decided again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from incidents import rulebook, rules
from incidents.backtest import report, stream, verdicts
from incidents.backtest.paging import Roll
from incidents.backtest.past import StreamedPast, for_rules
from incidents.backtest.report import Report
from incidents.backtest.tally import Question, Tally, variants_of
from incidents.models import Evaluation, Rule, Ticket
from servicedesk.directory import zones

SAMPLE = 200  # live decisions of the period that are decided again
STEP = 200  # evaluations between two words on how far it is
MOST_DAYS = 730

Progress = Callable[[int, int], object]


@dataclass(slots=True)
class Sample:
    """Live decisions, spread over the period: each must come out again from what was kept with it."""

    decisions: dict[int, dict[str, Any]]
    books: dict[tuple[int, int], rules.Rule]
    decisions_again: int = 0
    equal: int = 0
    unequal: list[int] = field(default_factory=list)

    def compare(self, event: stream.Kept, past: StreamedPast) -> None:
        told = self.decisions.pop(event.pk, None)
        if told is None or event.facts is None:
            return
        self.decisions_again += 1
        book = [self._as_it_was(outcome, at) for at, outcome in enumerate(told["outcomes"])]
        again = rules.decision_to_json(rules.decide(event.facts, past, book, event.at))
        if _essence(again) == _essence(told):
            self.equal += 1
        else:
            self.unequal.append(event.pk)

    def _as_it_was(self, outcome: dict[str, Any], position: int) -> rules.Rule:
        rule = self.books[outcome["rule_id"], outcome["version"]]
        return replace(rule, mode=outcome["mode"], position=position)


def _essence(decision: dict[str, Any]) -> list[Any]:
    """What a decision does and what it saw."""
    seen = ("rule_id", "version", "matched", "trace", "actions", "would", "counted", "group_key")
    return [decision["severity"], *([_plain(outcome[name]) for name in seen] for outcome in decision["outcomes"])]


def _plain(value: Any) -> Any:
    """Numbers as both databases keep them."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return round(value, 9) if isinstance(value, float) else value


def run(rule: Rule, *, days: int, now: datetime, progress: Progress | None = None) -> Report:
    """The newest words of this rule (its draft, else its version in force) over the last days. Raises rules.RuleError."""
    question = question_of(rule)
    start = now - timedelta(days=days)
    tally, sample = Tally(question), _sample(start, now)
    past = _past(question, sample, start)
    total, done = Evaluation.objects.filter(at__gte=start, at__lt=now).count(), 0
    for event in stream.kept(start - past.keep, now):
        if event.facts is None:
            if event.at >= start and stream.raised_by_person(event):
                tally.raised_by_person(f"T-{event.ticket}", event.at)
            stream.tell(past, event)
            continue
        past.saw(event.facts, event.at)
        if event.at >= start:
            tally.weigh(event.facts, past, event.at)
            sample.compare(event, past)
            done += 1
            if progress is not None and done % STEP == 0:
                progress(done, total)
    return _report(rule, tally, sample, start, now, days)


def question_of(rule: Rule) -> Question:
    """The version on trial beside the book in force."""
    book = rulebook.in_force()
    candidate = replace(rulebook.candidate(rule), mode="live")
    against = next((one for one in book if one.id == rule.pk), None)
    others = tuple(one for one in book if one.id != rule.pk)
    return Question(candidate, against and replace(against, mode="live"), others, variants_of(candidate))


def _past(question: Question, sample: Sample, start: datetime) -> StreamedPast:
    asked = (*question.book.rules, *question.book_in_force.rules, *sample.books.values(), *(variant.rule for variant in question.variants))
    past = for_rules(asked, stream.declared_at())
    stream.remember_firsts(past, past.groupings, start - past.keep)
    return past


def _sample(start: datetime, end: datetime) -> Sample:
    numbers = list(Evaluation.objects.filter(at__gte=start, at__lt=end).order_by("at", "pk").values_list("pk", flat=True))
    chosen = numbers[:: max(1, len(numbers) // SAMPLE)][:SAMPLE]
    decisions = dict(Evaluation.objects.filter(pk__in=chosen).values_list("pk", "decision"))
    versions = {(outcome["rule_id"], outcome["version"]) for decision in decisions.values() for outcome in decision["outcomes"]}
    return Sample(decisions, {(rule.id, rule.version): rule for rule in rulebook.at_versions(versions)})


def _report(rule: Rule, tally: Tally, sample: Sample, start: datetime, end: datetime, days: int) -> Report:
    added = report.unlike(tally.trial.occasions, tally.in_force.occasions)
    lost = report.unlike(tally.in_force.occasions, tally.trial.occasions)
    roll = Roll()
    pages = {"added": roll.paged(added), "prevented": roll.paged(lost)}
    before, after = roll.paged(tally.in_force.occasions), roll.paged(tally.trial.occasions)
    said = verdicts.of_proposals(rule, start, end)
    rows = report.differences(tally, said)
    dropped = [row for row in rows if row.what == "lost"]
    found, against = tally.question.rule, tally.question.against
    return Report(
        key=rule.key, name=found.name, version=found.version, against_version=against.version if against else None,
        start=start, end=end, zone=zones.of(None), days=days,
        considered=len(tally.considered), requests=len(tally.requests - tally.considered), imported=_imported(start, end),
        matches=len(tally.trial.matched), matches_before=len(tally.in_force.matched),
        kept_raised_by_people=sum(thing in tally.trial.matched for thing in tally.raised), raised_by_people=len(tally.raised),
        earlier_s=report.earlier(tally, tally.trial),
        up=sum(becomes < was for was, becomes in tally.ranks.values()), down=sum(becomes > was for was, becomes in tally.ranks.values()),
        added=added, lost=lost, pages_added=pages["added"], pages_prevented=pages["prevented"],
        nights_before=sum(page.is_night for page in before), nights_after=sum(page.is_night for page in after),
        undecidable=len(tally.undecided), undecided=list(tally.undecided.items())[: report.MOST_ROWS],
        nearest=tally.nearest._asdict() if tally.nearest and not tally.trial.matched else None,
        swept=report.swept(tally), replayed=sample.decisions_again, equal=sample.equal,
        rejected=[row.thing for row in dropped if row.verdict == verdicts.REJECTED],
        accepted=[row.thing for row in dropped if row.verdict == verdicts.ACCEPTED],
        occasions=len(tally.trial.occasions), nobody_known=[one.thing for one in tally.trial.occasions if not roll.people(one)],
        caught=verdicts.caught(tally), false_ones=verdicts.false_ones(tally, said), months=verdicts.months(tally, start, end),
        repeat=found.repeat, rows=rows[: report.MOST_ROWS], more_rows=max(0, len(rows) - report.MOST_ROWS),
    )  # fmt: skip


def _imported(start: datetime, end: datetime) -> int:
    return Ticket.objects.filter(origin=Ticket.Origin.IMPORT, created_at__gte=start, created_at__lt=end).count()
