"""Figures for /metrics, read from the tables when asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from incidents.models import Incident, Ticket
from monitoring.models import Alert
from notifications.models import Errand, Message
from servicedesk.operations import health

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Desk(Collector):
    """Every figure at one moment; an age that cannot be measured is left out, never 0."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        found = health.look(now=self.now)
        yield GaugeMetricFamily("desk_ready", "1 when /readyz answers 200.", value=int(found.ready))
        yield GaugeMetricFamily("desk_broker_ok", "1 when the doorbell rings.", value=int(found.broker == "ok"))
        if found.engine_age_s is not None:
            yield GaugeMetricFamily("desk_engine_age_seconds", "Age of the engine pass that waited longest.", value=found.engine_age_s)
        yield GaugeMetricFamily("desk_page_overdue_seconds", "How late the oldest waiting page is.", value=found.overdue_page_s or 0)
        yield from self.counted()

    def counted(self) -> Iterator[GaugeMetricFamily]:
        """Rows by state; grouped counts on indexed columns."""
        waiting = Message.objects.waiting().order_by().values_list("state", "lane").annotate(Count("pk"))
        yield by("desk_messages_waiting", "Messages not yet handed to a provider.", ("state", "lane"), waiting)
        unreached = Errand.objects.filter(state=Errand.State.UNREACHABLE, kind=Errand.Kind.PAGE).count()
        yield GaugeMetricFamily("desk_pages_unreachable", "Pages that reached nobody by any method, ever.", value=unreached)
        open_tickets = Ticket.objects.open().order_by().values_list("state").annotate(Count("pk"))
        yield by("desk_tickets_open", "Open tickets.", ("state",), open_tickets)
        open_incidents = Incident.objects.open().order_by().values_list("severity", "state").annotate(Count("pk"))
        yield by("desk_incidents_open", "Open incidents.", ("severity", "state"), open_incidents)
        yield GaugeMetricFamily("desk_alerts_open", "Alerts not cleared.", value=Alert.objects.open().count())


def by(name: str, words: str, labels: tuple[str, ...], rows: object) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=labels)
    for *values, number in rows:  # type: ignore[attr-defined]
        family.add_metric([str(value) for value in values], number)
    return family


def page(now: datetime) -> bytes:
    """Prometheus' text form."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Desk(now))
    return generate_latest(registry)
