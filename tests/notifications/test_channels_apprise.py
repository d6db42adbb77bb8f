"""The long tail of services: another process hands it over, in time, and touches neither files nor private networks."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from ipaddress import ip_network

import pytest

from notifications import channels, delivery, methods, reach
from notifications.channels import DeliveryFailed, OutcomeUnknown, apprise
from notifications.forms import AddForm
from notifications.models import ContactMethod, LadderRung, SealedAddress
from servicedesk import sealing
from tests.fakes.room import Room
from tests.notifications.makers import NOW, method, only, page, person
from tests.notifications.parcels import sms


@pytest.fixture
def room(settings):
    settings.WEBHOOK_ALLOW, settings.APPRISE_SCHEMAS = [(ip_network("127.0.0.0/8"), 0)], ["json", "pover"]
    settings.CHANNEL_TOTAL_S = 60.0  # a start of Python takes its time where many tests run
    with Room() as made:
        yield made


def address(room) -> str:
    return f"json://127.0.0.1:{room.port}/secret-path"


def parcel(to: str, **changes: object) -> channels.Parcel:
    return replace(sms(channel="apprise", to=to, subject="INC-214 Email down"), **changes)


def refused(to: str) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        channels.send(parcel(to))
    return caught.value


@pytest.mark.django_db
def test_sam_is_paged_by_it_and_it_is_sent_not_delivered(room):
    user = person("sam", "agent")
    way = method(user, "apprise", "JSON, 3f9a2c")
    SealedAddress.objects.create(method=way, words=sealing.seal(address(room)))
    LadderRung.objects.create(person=user, urgency="urgent", position=0, delay_s=0, method=way)
    message = only(page(user))
    delivery.deliver(message.pk, NOW)
    message.refresh_from_db()
    assert (message.state, message.delivered_at, message.to) == ("sent", None, "JSON, 3f9a2c")
    assert "reply A214" in room.said[0]["message"]
    assert not reach.wakes(user)


@pytest.mark.parametrize(("verb", "permanent", "flags"), [("404", True, True), ("400", True, False), ("503", False, False)])
def test_a_refusal_says_what_to_do_and_no_piece_of_the_address(room, verb, permanent, flags):
    room.verb = verb
    failure = refused(address(room))
    assert (failure.permanent, failure.flags_method) == (permanent, flags)
    assert "Look at the address" in failure.reason
    assert "secret-path" not in failure.reason


def test_a_private_network_is_not_reached(room, settings):
    settings.WEBHOOK_ALLOW = []
    assert not refused(address(room)).permanent
    assert room.said == []


def test_a_service_that_hangs_holds_nobody(room, settings):
    settings.CHANNEL_TOTAL_S, room.verb = 20.0, "hang"
    with pytest.raises((OutcomeUnknown, DeliveryFailed)):
        channels.send(parcel(address(room) + "?rto=3600"))


def test_a_process_that_never_begins_has_sent_nothing(room, settings):
    settings.CHANNEL_TOTAL_S = 0.01
    assert (refused(address(room)).code, refused(address(room)).permanent) == ("timeout", False)


@pytest.mark.parametrize(
    "url", ["syslog://", "dbus://", "windows://", "macosx://", "gnome://", "ntfy://10.0.0.1/x", "file:///etc/passwd", "x"]
)
def test_what_is_not_named_is_not_taken_and_what_acts_on_this_machine_never(settings, url):
    settings.APPRISE_SCHEMAS = ["syslog", "dbus", "windows", "macosx", "gnome", "json"]
    assert refused(url).code == "schema"


@pytest.mark.parametrize(
    ("doing", "word"),
    [
        ("open('/etc/passwd')", "files"),
        ("open('/tmp/made-by-a-plug-in', 'w')", "files"),
        ("__import__('subprocess').run(['true'])", "subprocess"),
        ("__import__('os').system('true')", "os.system"),
        ("__import__('socket').create_connection(('127.0.0.1', 9))", "private"),
    ],
)
def test_its_process_reads_no_files_starts_nothing_and_stays_outside(doing, word):
    told = "import sys, importlib.util as u; "
    told += f"s = u.spec_from_file_location('child', {str(apprise.CHILD)!r}); m = u.module_from_spec(s); s.loader.exec_module(m); "
    told += "t = m._targets(); a = __import__('ipaddress').ip_address; import subprocess, os, socket; "
    told += f"sys.addaudithook(m._guard(lambda host, port: t.is_allowed(a(host), port, []))); {doing}"
    done = subprocess.run([sys.executable, "-I", "-c", told], capture_output=True, text=True, check=False)
    assert "PermissionError" in done.stderr, done.stderr
    assert word in done.stderr.splitlines()[-1]


@pytest.mark.django_db
def test_omar_adds_a_service_whose_address_is_kept_sealed(room, client):
    client.force_login(person("omar"))
    client.post("/me/notifications/add/", {"kind": "apprise", "address": address(room)})
    way = ContactMethod.objects.get(kind="apprise")
    assert way.address.startswith("JSON, ")
    assert methods.masked(way) == way.address
    assert sealing.open_sealed(SealedAddress.objects.get().words) == address(room)


@pytest.mark.django_db
@pytest.mark.parametrize(("written", "word"), [("gotify://host/token", "json://, pover://"), ("pover://", "does not understand")])
def test_what_is_wrong_with_an_address_is_said(room, written, word):
    form = AddForm({"kind": "apprise", "address": written}, person=person("omar"), is_needed=False)
    assert word in form.errors["address"][0]


@pytest.mark.django_db
def test_an_administrator_adds_one_for_sam(room, client):
    client.force_login(person("adam", "admin"))
    sam = person("sam", "agent")
    said = {"person": sam.pk, "kind": "apprise", "address": address(room), "created_at_0": "2026-11-24", "created_at_1": "02:00"}
    client.post("/admin/notifications/contactmethod/add/", said)
    way = ContactMethod.objects.get(person=sam)
    assert (way.address.startswith("JSON, "), sealing.open_sealed(way.sealed.words)) == (True, address(room))
