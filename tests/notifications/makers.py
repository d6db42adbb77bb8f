"""People with ways to be reached, and letters to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db.models.functions import Now

from notifications import outbox
from notifications.delivery.handing import begin, claim
from notifications.models import Attempt, ContactMethod, Errand, LadderRung, Message
from notifications.outbox import Letter
from servicedesk.directory.models import Grant, User

NOW = datetime(2026, 11, 24, 2, 12, tzinfo=UTC)
SAM = "+33600000001"
SAM_MAIL = "sam@acme.test"
LINK = "https://desk.test/a/7Kq2mX9dR4"
SMS = f"SEV1 INC-214 Email down - all staff. Since 03:12. You are primary. ACK {LINK} or reply A214"
LETTER = Letter(
    subject="[SEV1] INC-214 Email down: acknowledge",
    text=f"Email is down for all staff.\n\n{LINK}",
    html="<p>Email is down</p>",
    sms=SMS,
    short="INC-214 SEV1",
    voice="Acme help desk. Severity one. Press 4: I have it.",
    reference="A214",
)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def person(username: str, *roles: str, **fields: object) -> User:
    user = User.objects.create_user(username, created_at=NOW, name=username.capitalize(), **fields)
    Grant.objects.bulk_create([Grant(user=user, role=role) for role in roles])
    return user


def method(user: User, kind: str, address: str, *, verified: bool = True) -> ContactMethod:
    return ContactMethod.objects.create(person=user, kind=kind, address=address, created_at=NOW, verified_at=NOW if verified else None)


def rung(user: User, position: int, delay_s: int, kind: str, address: str, urgency: str = "urgent") -> ContactMethod:
    made = method(user, kind, address)
    LadderRung.objects.create(person=user, urgency=urgency, position=position, delay_s=delay_s, method=made)
    return made


def sam(*ladder: tuple[int, str, str]) -> User:
    """Sam with an urgent ladder; a text message at once where nothing else is said."""
    user = person("sam", "agent")
    for position, (delay_s, kind, address) in enumerate(ladder or [(0, "sms", SAM)]):
        rung(user, position, delay_s, kind, address)
    return user


def page(user: User, **changes: object) -> Errand:
    asked = {"thread": "INC-214", "letter": LETTER, "urgency": "urgent", "kind": "page", "rank": 1, "because": "primary"}
    asked |= {"on_duty": True, "now": NOW, **changes}
    asked.setdefault("key", f"run-1:{asked['thread']}:{user.pk}")
    return outbox.queue(user, **asked)


def notice(user: User, **changes: object) -> Errand:
    return page(user, **{"kind": "notice", "key": f"told:{user.pk}", **changes})


def only(errand: Errand) -> Message:
    return errand.messages.get()


def rungs(errand: Errand) -> list[Message]:
    return list(errand.messages.order_by("rung"))


def at_the_provider(message: Message, now: datetime = NOW) -> Attempt:
    """A worker that has claimed the message and calls the provider this moment."""
    attempt = claim(message.pk, now=now)
    assert attempt is not None
    assert begin(attempt)
    return attempt


def lease_over(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(lease_until=Now() - timedelta(seconds=1))
