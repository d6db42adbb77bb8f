from __future__ import annotations

import hashlib
from urllib.parse import urlencode

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from notifications.channels import signature

SITE = "https://help.acme.test"
PATH = "/hooks/twilio/status/tok-1/"
FORM = "application/x-www-form-urlencoded"
ACCOUNT = "AC" + "0" * 32
FIELDS = {"MessageSid": "SM1", "MessageStatus": "delivered", "AccountSid": ACCOUNT, "From": "+33600000001", "Body": "A214 café"}
TOKEN = "test-token"


@pytest.fixture(autouse=True)
def site(settings):
    settings.SITE_URL = SITE


def judged(fields=FIELDS, *, path=PATH, kind=FORM, body=None, given=None, token=TOKEN, needs=()):
    """Our verdict on a form the SDK signed, or on what the test made of it."""
    signed = RequestValidator(token).compute_signature(SITE + path, fields) if given is None else given
    body = urlencode(fields).encode() if body is None else body
    return signature.genuine(path=path, content_type=kind, body=body, given=signed, needs=needs)


def test_what_twilio_signed_is_believed():
    assert judged(needs={"MessageSid", "MessageStatus"})


def test_the_previous_token_is_believed_while_the_account_changes(settings):
    settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_PREVIOUS = "new", TOKEN
    assert judged()
    assert judged(token="new")
    settings.TWILIO_AUTH_TOKEN_PREVIOUS = ""
    assert not judged()


def test_an_empty_token_believes_nothing(settings):
    settings.TWILIO_AUTH_TOKEN = settings.TWILIO_AUTH_TOKEN_PREVIOUS = ""
    assert not judged(token="")


@pytest.mark.parametrize("given", ["", "x", "é", "AAAA" * 1000])
def test_a_missing_or_wrong_signature_is_refused(given):
    assert not judged(given=given)


def test_a_changed_field_path_or_token_is_refused():
    good = RequestValidator(TOKEN).compute_signature(SITE + PATH, FIELDS)
    assert not judged(FIELDS | {"MessageStatus": "failed"}, given=good)
    assert not judged(path="/hooks/twilio/status/tok-2/", given=good)
    assert not judged(path=PATH + "?x=1", given=good)
    assert not judged(token="other")


def test_a_boundary_moved_between_name_and_value_is_refused():
    """Twilio signs names and values without separators: `Bodyx` + `y` has the signature of `Body` + `xy`."""
    honest = {"AccountSid": ACCOUNT, "Bodyx": "y"}
    moved = {"AccountSid": ACCOUNT, "Body": "xy"}
    sign = RequestValidator(TOKEN).compute_signature
    assert sign(SITE + PATH, honest) == sign(SITE + PATH, moved)
    assert judged(moved, needs={"Body"})
    assert not judged(honest, needs={"Body"})


@pytest.mark.parametrize("body", [b"AccountSid=%s&Body=a&Body=b", b"AccountSid=%s&Body=a&Body=a"])
def test_a_field_given_twice_is_refused(body):
    body = body % ACCOUNT.encode()
    for signed in ({"AccountSid": ACCOUNT, "Body": "a"}, {"AccountSid": ACCOUNT, "Body": "b"}):
        assert not judged(body=body, given=RequestValidator(TOKEN).compute_signature(SITE + PATH, signed))


@pytest.mark.parametrize("change", [{"AccountSid": "AC" + "1" * 32}, {"Odd name": "x"}, {"": "x"}, {"é": "x"}])
def test_another_account_or_an_odd_field_name_is_refused_though_signed(change):
    assert not judged(FIELDS | change)


ODD_KINDS = ["", "text/plain", "multipart/form-data; boundary=x", f"{FORM}; charset=utf-16", "application/xml", f"x{FORM}"]


@pytest.mark.parametrize("kind", ODD_KINDS)
def test_another_content_type_is_refused_though_signed(kind):
    assert not judged(kind=kind)


def test_a_form_may_name_its_charset():
    assert judged(kind=f"{FORM}; charset=UTF-8")


@pytest.mark.parametrize("body", [b"\xff\xfe=1", b"Body=%ff", b"&".join(b"a%d=1" % number for number in range(300))])
def test_a_body_that_is_no_form_is_refused(body):
    assert not judged(body=body)


def json(body: bytes, hashed: bytes | None) -> bool:
    path = PATH + (f"?bodySHA256={hashlib.sha256(hashed).hexdigest()}" if hashed is not None else "")
    signed = RequestValidator(TOKEN).compute_signature(SITE + path, {})
    return signature.genuine(path=path, content_type="application/json", body=body, given=signed)


def test_json_is_believed_only_with_the_hash_of_its_body():
    assert json(b'{"a": 1}', b'{"a": 1}')
    assert json(b"\xff", b"\xff")
    assert not json(b'{"a": 2}', b'{"a": 1}')
    assert not json(b'{"a": 1}', None)


def test_a_form_with_a_wrong_body_hash_is_refused_though_the_sdk_believes_it():
    path = PATH + "?bodySHA256=" + "0" * 64
    url, signed = SITE + path, RequestValidator(TOKEN).compute_signature(SITE + path, FIELDS)
    assert RequestValidator(TOKEN).validate(url, FIELDS, signed)
    assert not judged(path=path)


@pytest.mark.parametrize(("site", "signed_for"), [(SITE, f"{SITE}:443"), (f"{SITE}:8443", SITE), (f"{SITE}:8443", f"{SITE}:8443")])
def test_the_port_may_be_signed_or_left_out(settings, site, signed_for):
    settings.SITE_URL = site
    assert judged(given=RequestValidator(TOKEN).compute_signature(signed_for + PATH, FIELDS))


def test_the_address_is_the_configured_one_whatever_the_request_claims(settings):
    settings.ALLOWED_HOSTS = ["*"]
    signed = RequestValidator(TOKEN).compute_signature(SITE + PATH, FIELDS)
    headers = {"Host": "10.0.0.7:8000", "X-Forwarded-Host": "evil.test", "X-Twilio-Signature": signed}
    request = RequestFactory().post(PATH, urlencode(FIELDS), content_type=FORM, headers=headers)
    assert signature.valid(request, needs={"MessageSid"})
    assert not signature.valid(RequestFactory().post(PATH, urlencode(FIELDS), content_type=FORM))


def test_a_get_or_a_body_beyond_the_limit_is_refused(settings):
    signed = RequestValidator(TOKEN).compute_signature(SITE + PATH, {})
    assert not signature.valid(RequestFactory().get(PATH, headers={"X-Twilio-Signature": signed}))
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    assert not signature.valid(RequestFactory().post(PATH, "x" * 200, content_type=FORM))


@given(path=st.text(), kind=st.text() | st.sampled_from([FORM, "application/json"]), body=st.binary(), given=st.text())
def test_nothing_that_arrives_makes_it_raise(path, kind, body, given):
    assert signature.genuine(path="/" + path, content_type=kind, body=body, given=given, needs={"MessageSid"}) is False
