"""Paging one person: the letter, the errand of the post office, and the row that says why. A key makes it happen once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from incidents import letters, links, readers
from incidents.escalation.targets import Candidate
from incidents.models import Incident, Page, Run, SignedLink
from notifications import outbox, reach
from notifications.models import Channel, Errand
from servicedesk.directory.models import User

URGENT_UNTIL = 2  # SEV1 and SEV2 wake people; SEV3 and SEV4 take the normal ladder
MOST_WHY = 240
Writer = Callable[[Candidate, str], outbox.Letter]  # whom it is for, and the address of their link


@dataclass(frozen=True, slots=True)
class Paged:
    """Whom a page set out for, and who has no way to be reached, with the reason."""

    reached: Sequence[User]
    missed: Sequence[tuple[User, str]]


def urgency_of(incident: Incident) -> str:
    return "urgent" if incident.severity <= URGENT_UNTIL else "normal"


def page(
    incident: Incident,
    one: Candidate,
    *,
    key: str,
    write: Writer,
    now: datetime,
    run: Run | None = None,
    step: int = 0,
    loop: int = 0,
    on_duty: bool = True,
    urgency: str = "",
    purpose: str = SignedLink.Purpose.PAGE,
    is_question: bool = False,
) -> Errand:
    """Set out for this person; with a key used before, nothing new happens. The caller reads the errand's state.

    `is_question`: it asks for more than an acknowledgement, so it never goes in a bundle.
    """
    because = str(one.because)[:MOST_WHY]
    readers.admit(incident, one.person, because=because, now=now)
    link = links.link_for(one.person, incident, purpose, now=now, because=because)
    errand = outbox.queue(
        one.person,
        thread=incident.number,
        key=key,
        letter=write(one, links.address(link)),
        urgency=urgency or urgency_of(incident),
        kind="page",
        rank=incident.severity,
        because=because,
        on_duty=on_duty,
        about="" if is_question else _noise(incident),
        now=now,
    )
    row = Page(incident=incident, run=run, loop=loop, step=step, person=one.person, because=because, errand_key=key, at=now)
    Page.objects.bulk_create([row], ignore_conflicts=True)
    if is_missed(errand):
        outbox.settle(errand, now=now)
    return errand


def _noise(incident: Incident) -> str:
    return incident.service.slug if incident.service is not None else incident.number


def page_each(
    incident: Incident, run: Run, people: Iterable[Candidate], *, key: str, write: Writer, step: int,
    loop: int, first_only: bool, now: datetime,
) -> Paged:  # fmt: skip
    """Everyone, or the first who can be reached. `key` begins each errand's key; the person's number ends it."""
    reached: list[User] = []
    missed: list[tuple[User, str]] = []
    for one in people:
        errand = page(incident, one, key=f"{key}:{one.person.pk}", write=write, run=run, step=step, loop=loop, now=now)
        if is_missed(errand):
            missed.append((one.person, why_missed(errand)))
            continue
        reached.append(one.person)
        if first_only:
            break
    return Paged(reached, missed)


def tell(people: Iterable[User], incident: Incident, *, key: str, write: Callable[[User, str], outbox.Letter], now: datetime) -> None:
    """A short notice to each: no answer is expected, and one method that works is enough."""
    for person in people:
        readers.admit(incident, person, because=_("told of %(number)s") % {"number": incident.number}, now=now)
        link = links.link_for(person, incident, SignedLink.Purpose.PAGE, now=now)
        outbox.queue(
            person,
            thread=incident.number,
            key=f"{key}:{person.pk}",
            letter=write(person, links.address(link)),
            urgency=urgency_of(incident),
            kind="notice",
            rank=incident.severity,
            because=_("you were paged for %(number)s") % {"number": incident.number},
            on_duty=True,
            now=now,
        )


def write_to(people: Iterable[User], incident: Incident, *, key: str, write: Callable[[User, str], outbox.Letter], now: datetime) -> None:
    """A mail to each, and nothing that wakes; who has no address is left out."""
    for person in people:
        address = reach.mail_address(person)
        if not address:
            continue
        link = links.link_for(person, incident, SignedLink.Purpose.PAGE, now=now)
        letter = write(person, links.address(link))
        outbox.post(
            thread=incident.number, key=f"{key}:{person.pk}", channel=Channel.EMAIL, to=address, letter=letter, person=person, now=now
        )


def call_off(incident: Incident, *, reason: str, now: datetime) -> list[User]:
    """Cancel every pending page of this incident, for everybody; the people already woken."""
    Page.objects.filter(incident=incident, again_at__isnull=False).update(again_at=None)
    return outbox.cancel(incident.number, now=now, reason=reason)


def names_of(people: Iterable[User]) -> str:
    return letters.names(list(people))


def is_missed(errand: Errand) -> bool:
    return errand.state == Errand.State.UNREACHABLE


def why_missed(errand: Errand) -> str:
    """The reasons the post office gave for each method it left out."""
    reasons = [str(each.get("reason", "")) if isinstance(each, dict) else str(each) for each in errand.skipped]
    return "; ".join(dict.fromkeys(filter(None, reasons))) or _("no way to reach them works")
