"""The acceptance world keeps its word: who is in it, how time moves, what its doors answer."""

from __future__ import annotations

import json
import re
import time

import pytest

from tests.e2e.client import Desk, Refused
from tests.e2e.seeding import ADMIN_TOKEN, HEARTBEAT, RESULTS_TOKEN

NIGHT = "2026-11-24T03:12:00+01:00"
SAM = "+33600000001"
DANA = "+33600000002"


def night(desk: Desk, minutes: int = 6) -> None:
    """It is 03:12, and mail fails."""
    desk.set_clock(NIGHT)
    desk.check("smtp-01", "down")
    desk.forward(f"{minutes}m")


def test_a_world_begins_with_an_empty_outbox(desk: Desk) -> None:
    assert desk.outbox() == []


def test_a_reset_is_quick_and_takes_everything_back(desk: Desk) -> None:
    night(desk)
    began = time.monotonic()
    desk.reset()
    assert time.monotonic() - began < 60
    assert desk.outbox() == []
    assert desk.forward("0s") < "2026-11-23T08:00:05"


def test_the_clock_tells_where_it_stands(desk: Desk) -> None:
    assert desk.set_clock(NIGHT) == "2026-11-24T02:12:00Z"
    assert desk.forward("1h5m").startswith("2026-11-24T03:17:0")


@pytest.mark.parametrize("asked", [{"advance": "soon"}, {"to": "2026-11-24T03:12:00"}, {"to": "2026-11-22T03:12:00+01:00"}, {}])
def test_a_clock_that_cannot_be_moved_so_says_why(desk: Desk, asked: dict[str, str]) -> None:
    with pytest.raises(Refused) as told:
        desk.door("clock", asked)
    assert told.value.status == 400
    assert "Traceback" not in told.value.detail


def test_everything_due_runs_in_order_each_at_its_own_time(desk: Desk) -> None:
    night(desk, 40)
    pages = [(row["to"], row["sent_at"][:16]) for row in desk.outbox(channel="sms") if "ACK" in row["text"]]
    assert pages[0] == (SAM, "2026-11-24T02:17")
    assert pages[1] == (DANA, "2026-11-24T02:27")


def test_the_next_incident_is_214_and_the_next_ticket_1021(desk: Desk) -> None:
    night(desk)
    (page,) = desk.outbox(SAM, channel="sms")
    assert page["thread"] == "INC-214"


def test_a_message_is_delivered_at_the_next_move_of_the_clock(desk: Desk) -> None:
    night(desk, 5)
    desk.forward("1s")
    states = [row["state"] for row in desk.outbox(SAM, channel="sms")]
    assert states == ["delivered"]


def test_a_silent_provider_gives_no_receipt(desk: Desk) -> None:
    desk.behave(sms="silent")
    night(desk)
    (page,) = desk.outbox(SAM, channel="sms")
    assert (page["state"], page["delivered_at"]) == ("sent", None)


def test_a_number_that_is_refused_is_told_with_its_reason(desk: Desk) -> None:
    desk.behave(sms="fail")
    night(desk)
    (page,) = desk.outbox(SAM, channel="sms")
    assert page["state"] == "failed"
    assert "not a telephone number" in page["reason"]


def test_a_provider_that_hangs_is_asked_again_and_tried_once_more(desk: Desk) -> None:
    desk.behave(sms="hang")
    night(desk)
    assert next(row["state"] for row in desk.outbox(SAM, channel="sms")) in ("unknown", "dead")
    began = time.monotonic()
    desk.forward("1m")
    assert time.monotonic() - began < 13  # it is not really waited for


def test_a_reply_is_heard_and_answered_by_the_products_own_door(desk: Desk) -> None:
    night(desk)
    assert "You have INC-214" in (desk.reply(SAM, "A214") or "")
    assert desk.reply("+33699999999", "A214") is None


def test_an_outbox_is_read_by_person_address_and_from_a_point_on(desk: Desk) -> None:
    night(desk)
    everything = desk.outbox("sam")
    assert {row["to"] for row in everything} == {SAM, "sam@acme.example"}
    assert desk.outbox("sam@acme.example")[0]["channel"] == "email"
    assert desk.outbox("sam", since=everything[0]["id"]) == everything[1:]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/a/[A-Za-z0-9]{10}", desk.outbox(SAM)[0]["links"][0])


def test_a_check_that_is_well_again_says_so_every_minute(desk: Desk) -> None:
    night(desk, 3)
    desk.check("smtp-01", "up")
    desk.forward("30m")
    assert desk.outbox() == []


def test_an_unknown_check_is_not_found(desk: Desk) -> None:
    with pytest.raises(Refused, match="404"):
        desk.check("smtp-99", "down")


def test_a_key_takes_the_ringing_call(desk: Desk) -> None:
    night(desk, 10)
    said = desk.call(SAM, "4")
    assert said.startswith("Acme Help Desk. Severity one. Email is down since three twelve.")
    assert "You have INC-214 since three twenty-two. Dana Ruiz: left alone." in said
    desk.forward("30m")
    assert desk.outbox(DANA) == []


def test_voicemail_takes_the_call_and_nothing_else(desk: Desk) -> None:
    night(desk, 10)
    assert desk.call(SAM, "").endswith("No key was pressed. Nothing is changed. Goodbye.")
    (call,) = desk.outbox(SAM, channel="voice")
    assert (call["state"], call["acted_at"]) == ("answered", None)
    desk.forward("6m")
    assert len(desk.outbox(DANA, channel="sms")) == 1


def test_where_nothing_rings_nobody_takes_a_call(desk: Desk) -> None:
    with pytest.raises(Refused, match="404"):
        desk.call(SAM, "4")
    desk.behave(voice="silent")
    night(desk, 10)
    with pytest.raises(Refused, match="404"):
        desk.call(SAM, "4")


def test_a_call_that_is_refused_is_told_with_its_reason(desk: Desk) -> None:
    desk.behave(voice="fail")
    night(desk, 10)
    (call,) = desk.outbox(SAM, channel="voice")
    assert (call["state"], call["sent_at"]) == ("failed", None)


def test_the_printed_token_opens_the_door_for_results(desk: Desk) -> None:
    head = {"Authorization": f"Bearer {RESULTS_TOKEN}"}
    status, body = desk.ask("/in/results/", [{"check": "fs-02", "status": "warning"}], headers=head)
    assert (status, json.loads(body)["accepted"]) == (200, 1)


def test_the_printed_token_of_adam_opens_the_api(desk: Desk) -> None:
    status, body = desk.ask("/api/v1/incidents/?limit=2", headers={"Authorization": f"Bearer {ADMIN_TOKEN}"})
    assert (status, [row["id"] for row in json.loads(body)["results"]]) == (200, ["INC-213", "INC-212"])
    assert desk.ask("/api/v1/incidents/")[0] == 401


def test_the_heartbeat_hears_a_ping(desk: Desk) -> None:
    assert desk.ask(f"/ping/{HEARTBEAT}") == (200, "OK")


def test_days_pass_in_seconds(desk: Desk) -> None:
    began = time.monotonic()
    desk.forward("7d")
    assert time.monotonic() - began < 120
