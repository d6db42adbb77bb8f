"""The desk watches itself: a test of the road, a heartbeat outside, a red bar, and a mail by the web process when all else is silent."""

from __future__ import annotations

import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core.cache import cache
from django.db.models.functions import Now

from notifications import access, caretakers, delivery, sentinel
from notifications.channels import DeliveryFailed, Parcel
from notifications.models import Message, ProviderState
from servicedesk.operations import heartbeat, selfwatch
from servicedesk.operations.models import EnginePass
from servicedesk.operations.passes import PASSES
from servicedesk.operations.watchman import Watchman
from tests.actors import signed_in
from tests.notifications.makers import NOW, after, only, page, person, sam

pytestmark = pytest.mark.django_db


def road_tested(seconds: float = 0) -> Message:
    sentinel.send(now=after(seconds))
    message = Message.objects.filter(channel="sentinel").latest("pk")
    delivery.deliver(message.pk, after(seconds))
    message.refresh_from_db()
    return message


def engine_awake(age_s: float = 0.0) -> None:
    EnginePass.objects.all().delete()
    EnginePass.objects.bulk_create([EnginePass(name=one.name, every_s=one.every_s, version=1) for one in PASSES])
    EnginePass.objects.update(ran_at=Now() - timedelta(seconds=age_s), lease_until=Now() + timedelta(seconds=5), holder="a")


@pytest.fixture
def outside(settings):
    """A dead man's switch at another place."""
    heard: list[str] = []

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with HTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        settings.HEARTBEAT_URL, settings.SELF_WATCH = f"http://127.0.0.1:{server.server_port}/ping/x", True
        yield heard
        server.shutdown()


def test_the_test_of_the_road_goes_as_a_page_goes_and_stands_in_no_list():
    message = road_tested()
    assert (message.lane, message.state, message.tries.count()) == ("page", "sent", 1)
    assert sentinel.has_passed(now=after(140))
    assert not sentinel.has_passed(now=after(160))
    assert message not in access.visible_to(person("ana", "agent"))


def test_tests_of_more_than_an_hour_ago_are_forgotten():
    road_tested()
    road_tested(3700)
    assert Message.objects.filter(channel="sentinel").count() == 1


def test_the_outside_hears_only_while_the_road_is_tested(outside):
    engine_awake()
    heartbeat.beat(now=NOW)
    assert outside == []
    road_tested()
    heartbeat.beat(now=after(30))
    assert outside == ["/ping/x"]
    heartbeat.beat(now=after(200))
    assert outside == ["/ping/x"]


def test_the_outside_hears_nothing_while_a_page_lies_or_a_pass_stands_still(outside):
    engine_awake()
    road_tested()
    page(sam())
    heartbeat.beat(now=after(70))
    Message.objects.filter(thread="INC-214").update(state="sent")
    engine_awake(age_s=3700)
    heartbeat.beat(now=after(70))
    assert outside == []


def test_an_outside_that_is_away_harms_nobody(settings):
    settings.HEARTBEAT_URL, settings.SELF_WATCH = "http://127.0.0.1:1/x", True
    engine_awake()
    road_tested()
    assert heartbeat.beat(now=NOW) == 0


def test_each_trouble_is_a_sentence():
    assert "has not run yet" in selfwatch.troubles(now=NOW)[0]
    engine_awake()
    assert selfwatch.troubles(now=NOW) == []
    engine_awake(age_s=90)
    message = only(page(sam()))
    road_tested()
    ProviderState.objects.create(name="twilio", failures=3, down_since=NOW, reason="Twilio has a fault of its own.")
    silent, waiting, down = selfwatch.troubles(now=after(75))
    assert "silent for" in silent
    assert waiting == "A page has been waiting for 75 seconds."
    assert down == "Out of order: Text messages and calls. Twilio has a fault of its own. Other ways are used meanwhile."
    Message.objects.filter(pk=message.pk).update(state="sent")
    assert "test of itself" in selfwatch.troubles(now=after(300))[1]


def test_staff_see_a_red_bar_and_employees_do_not(settings, acme):
    settings.SELF_WATCH = True
    cache.clear()
    assert "The engine has not run yet" in signed_in(acme.people["ana"]).get("/queue/").content.decode()
    assert "The engine has not run yet" not in signed_in(acme.people["ella"]).get("/").content.decode()
    cache.clear()


def test_a_provider_out_of_order_is_told_to_the_administrators_once_an_outage():
    person("adam", "admin", email="adam@acme.test")
    row = ProviderState.objects.create(name="twilio", down_since=NOW, reason="Twilio cannot be reached.")
    assert [caretakers.tell_down(now=after(n)) for n in (0, 10, 20)] == [1, 0, 0]
    row.down_since = after(900)
    row.save(update_fields=["down_since"])
    assert caretakers.tell_down(now=after(900)) == 1
    assert Message.objects.filter(to="adam@acme.test", subject="Out of order: Text messages and calls").count() == 2


@pytest.fixture
def watchman():
    person("adam", "admin", email="adam@acme.test")
    sent: list[Parcel] = []
    troubles: list[str] = []
    made = Watchman(lambda: list(troubles), lambda parcel: sent.append(parcel) or "")
    made.turn(0)
    return made, troubles, sent


def test_the_web_process_mails_by_itself_when_the_engine_stays_silent(watchman):
    made, troubles, sent = watchman
    troubles.append("The engine has been silent for 130 seconds.")
    assert [made.turn(at) for at in (20, 40, 79, 80, 100)] == [False, False, False, True, False]
    assert [(one.to, "silent for 130" in one.text) for one in sent] == [("adam@acme.test", True)]


def test_what_passes_within_a_minute_is_told_to_nobody(watchman):
    made, troubles, sent = watchman
    troubles.append("x")
    made.turn(20), troubles.clear(), made.turn(40), troubles.append("x")
    assert not made.turn(90)
    assert sent == []


def test_of_two_web_processes_one_writes_and_again_after_an_hour(watchman):
    made, troubles, sent = watchman
    other = Watchman(made.look, made.mail)
    other.addresses = made.addresses
    troubles.append("x")
    for one in (made, other):
        one.turn(20), one.turn(90)
    assert len(sent) == 1
    EnginePass.objects.update(ran_at=Now() - timedelta(hours=2))
    assert made.turn(90 + 3600)
    assert len(sent) == 2


def test_a_mail_that_fails_does_not_stop_the_watchman(watchman):
    made, troubles, _sent = watchman

    def refuse(parcel: Parcel) -> str:
        raise DeliveryFailed("no", permanent=True)

    made.mail = refuse
    troubles.append("x")
    made.turn(20)
    assert made.turn(90)
