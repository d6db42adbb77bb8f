"""What the engine does, in this order: each pass takes `now` and returns the number of rows it handled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from incidents import (
    approvals,
    around,
    attaching,
    automation,
    changed_hours,
    clock_warnings,
    drafts,
    escalation,
    following,
    handoff,
    mornings,
    pledges,
    scheduled,
    settling,
    vendors,
)
from incidents.command import obligations
from incidents.command import sweep as command
from incidents.governance import announce_work, keep_status, mail_reports, tell_status, tend_reviews
from incidents.incidents import sweep as incidents
from incidents.mail import held, mailbox, posting
from monitoring import ahead, deadman, intake, rounds, watching
from monitoring.storage import partitions, rolling
from notifications import caretakers, delivery, drills, reckoning
from servicedesk.api import once
from servicedesk.audit import chain
from servicedesk.jobs import work
from servicedesk.operations import heartbeat, rests, retention, standstill


class Run(Protocol):
    def __call__(self, *, now: datetime) -> int: ...


class AfterRest(Protocol):
    def __call__(self, *, since: datetime, now: datetime) -> int: ...


@dataclass(frozen=True)
class Pass:
    """`lane`: passes of one lane run one after the other; the post's lane may wait for a provider without holding up the desk's.

    `on_hold`: goes on while the desk is held, because it sends nothing and lets nothing fall due.
    `after_rest`: called before it runs again when nobody ran it for a while, with when it last ran.
    """

    name: str
    every_s: int
    run: Run | Callable[..., int]
    lane: str = "desk"
    after_rest: AfterRest | None = None
    on_hold: bool = False

    def do(self, now: datetime) -> int:
        return self.run(now=now)


def end_hold(*, now: datetime) -> int:
    return standstill.end_due(now=now, passes=PASSES)


# in the order an alarm travels, so that one round can carry it from the check to the page
PASSES: tuple[Pass, ...] = (
    Pass("end a hold", 1, end_hold, after_rest=rests.note, on_hold=True),
    Pass("ring for probes", 1, rounds.ring_due),
    Pass("run probes no worker took", 1, rounds.run_unclaimed),
    Pass("sweep overdue checks", 1, intake.sweep_overdue, after_rest=deadman.forgive),
    Pass("recheck verdicts", 1, intake.recheck_due),
    Pass("close what nobody repeats", 1, intake.close_due),
    Pass("notice silent sources", 10, deadman.sweep),
    Pass("resume paused checks", 5, watching.resume_due),
    Pass("raise alerts", 1, intake.raise_due),
    Pass("evaluate rules", 1, automation.evaluate_due),
    Pass("decide incidents", 1, incidents.decide_due),
    Pass("notice who was not reached", 1, escalation.notice_unsettled),
    Pass("advance escalations", 1, escalation.advance_due),
    Pass("remind of promised updates", 1, command.remind_due),
    Pass("begin obligation clocks", 5, obligations.begin_due),
    Pass("remind of obligations", 60, obligations.remind_due),
    Pass("tell who has it too", 2, following.tell_over),
    Pass("look after promises", 5, pledges.watch_over),
    Pass("write the morning's letters", 60, mornings.send_due),
    Pass("expire approvals", 60, approvals.expire_due),
    Pass("chase vendors", 60, vendors.chase_due),
    Pass("file what comes round", 30, scheduled.file_due),
    Pass("follow new desk hours", 60, changed_hours.follow_due),
    Pass("follow who moved", 60, changed_hours.follow_moved),
    Pass("warn of clocks nearly used up", 5, clock_warnings.warn_due),
    Pass("settle tickets", 5, settling.settle_due),
    Pass("tell of tickets not rated", 5, settling.tell_unrated),
    Pass("bring mails on", 5, posting.bring_on_due),
    Pass("tell of held mail", 60, held.tell_due),
    Pass("promote messages", 1, delivery.promote_due),
    Pass("test the road of pages", 60, heartbeat.test_road),
    Pass("tell of providers out of order", 10, caretakers.tell_down),
    Pass("hold drills", 20, drills.hold_due),
    Pass("close drills", 10, drills.settle_due),
    Pass("tell of pages given up", 5, caretakers.tell_dead),
    Pass("seal the audit trail", 3, chain.seal, on_hold=True),
    Pass("close the books of messages", 3600, reckoning.close_due),
    Pass("tell whose turn begins", 60, handoff.tell_due),
    Pass("let swaps lapse", 60, handoff.lapse_due),
    Pass("forget seen events", 3600, intake.forget_seen, on_hold=True),
    Pass("forget old drafts", 3600, drafts.forget, on_hold=True),
    Pass("mail reports", 60, mail_reports, lane="work"),
    Pass("tell who follows the status page", 5, tell_status, lane="work"),
    Pass("announce maintenance", 5, announce_work, lane="work"),
    Pass("keep the status page as a file", 60, keep_status, lane="work"),
    Pass("open plan reviews and remind of them", 3600, tend_reviews, lane="work"),
    Pass("forget who was present", 3600, around.forget, on_hold=True),
    Pass("forget kept answers", 3600, once.forget, on_hold=True),
    Pass("forget files of jobs", 3600, work.forget, on_hold=True),
    Pass("sweep files that are nobody's", 3600, attaching.sweep),
    Pass("make the next days of results", 3600, partitions.make_ahead, lane="store", on_hold=True),
    Pass("roll results up", 20, rolling.roll_due, lane="store", on_hold=True),
    Pass("look ahead", 300, ahead.look_ahead, lane="store"),
    Pass("drop what is old", 3600, retention.prune, lane="store"),
    Pass("cut off calls", 1, delivery.hang_up_due, lane="post"),
    Pass("deliver unclaimed messages", 1, delivery.deliver_unclaimed, lane="post"),
    Pass("reconcile lost answers", 5, delivery.reconcile_due, lane="post"),
    Pass("tell the outside that all is well", 60, heartbeat.beat, lane="outside"),
    Pass("ask for missing receipts", 15, delivery.ask_due, lane="post"),
    Pass("read the mailbox", 20, mailbox.poll, lane="mail"),
    Pass("run jobs nobody took", 1, work.run_due, lane="work"),
)
