"""How the house is: can it write, is the engine awake, does the doorbell ring, does a page lie about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime

import redis
import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import Min
from django.db.models.functions import Now

from notifications.models import Message
from servicedesk import doorbell
from servicedesk.operations import standstill
from servicedesk.operations.engine import VERSION
from servicedesk.operations.models import EnginePass
from servicedesk.operations.passes import PASSES

log = structlog.get_logger(__name__)

PROBE = "ready"  # the row that is written to see whether a write goes through
ENGINE_MOST_S = 30.0
PAGE_MOST_S = 60.0
BROKER_WAIT_S = 0.3


@dataclass(frozen=True)
class Health:
    """Seconds are None where there is nothing to measure. A broker that is away slows pages down and loses none."""

    database: bool
    engine_age_s: float | None = None
    overdue_page_s: float | None = None
    broker: str = "unknown"
    on_hold: bool = False

    @property
    def ready(self) -> bool:
        """On hold pages may lie about; the engine is awake all the same."""
        awake = self.engine_age_s is not None and self.engine_age_s < ENGINE_MOST_S
        return self.database and awake and (self.on_hold or (self.overdue_page_s or 0) < PAGE_MOST_S)

    def as_json(self) -> dict[str, object]:
        return {"ready": self.ready} | asdict(self)


def look(*, now: datetime) -> Health:
    """One write, two reads and a ping; about two seconds at most each."""
    try:
        with impatient(), transaction.atomic():
            write()
            held = standstill.is_on()
            late = overdue_page_s(now)
            return Health(database=True, engine_age_s=engine_age_s(on_hold=held), overdue_page_s=late, broker=broker(), on_hold=held)
    except (DatabaseError, InterfaceError) as error:
        log.warning("the database does not answer", error=str(error))
        return Health(database=False, broker=broker())


@contextmanager
def impatient() -> Iterator[None]:
    """Let the database answer within two seconds or not at all."""
    postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '2s'" if postgresql else "PRAGMA busy_timeout = 2000")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '30s'" if postgresql else "PRAGMA busy_timeout = 20000")


def write() -> None:
    EnginePass.objects.update_or_create(name=PROBE, defaults={"every_s": 0, "version": VERSION, "ran_at": Now()})


def engine_age_s(*, on_hold: bool = False) -> float | None:
    """Seconds since the pass that has waited longest last ran, of those that run at all; None when one never ran."""
    names = [one.name for one in PASSES if one.on_hold or not on_hold]
    rows = EnginePass.objects.filter(name__in=names).annotate(moment=Now())
    ages = {row.name: (row.moment - row.ran_at).total_seconds() - row.every_s for row in rows if row.ran_at}
    if len(ages) < len(names) or not ages:
        return None
    return round(max(*ages.values(), 0.0), 1)


def overdue_page_s(now: datetime) -> float | None:
    """Seconds the oldest page is late; None when none is."""
    waiting = Message.objects.waiting().filter(lane=Message.Lane.PAGE, due_at__lt=now)
    oldest = waiting.aggregate(oldest=Min("due_at"))["oldest"]
    return round((now - oldest).total_seconds(), 1) if oldest else None


def broker() -> str:
    """ok, or degraded: the engine then delivers in the workers' stead."""
    if doorbell.circuit()["open"]:
        return "degraded"
    url = settings.REDIS_URL.replace("redis+socket://", "unix://")
    try:
        with redis.Redis.from_url(url, socket_timeout=BROKER_WAIT_S, socket_connect_timeout=BROKER_WAIT_S) as client:
            client.ping()
    except (redis.RedisError, OSError):
        return "degraded"
    return "ok"
