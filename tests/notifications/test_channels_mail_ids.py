from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.channels import mail_ids


def test_a_number_is_read_back_from_the_id_it_made():
    assert mail_ids.numbers_in(f"<x@y.test> {mail_ids.of_message(1042)}\r\n {mail_ids.of_message(7)}") == [1042, 7]


def test_an_id_with_another_number_or_key_is_not_ours(settings):
    mine = mail_ids.of_message(1042)
    assert mail_ids.numbers_in(mine.replace("1042", "1043")) == []
    settings.SECRET_KEY, settings.MAIL_KEY = "another key", ""
    assert mail_ids.numbers_in(mine) == []


def test_an_id_stays_ours_when_the_key_is_changed_and_the_old_one_kept(settings):
    mine = mail_ids.of_message(1042)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key"
    assert mail_ids.of_message(1042) != mine
    assert mail_ids.numbers_in(mine) == [1042]


def test_the_mail_key_signs_where_there_is_one(settings):
    before = mail_ids.of_message(1042)
    settings.MAIL_KEY = "k" * 32
    assert mail_ids.of_message(1042) != before
    assert mail_ids.numbers_in(before + mail_ids.of_message(1042)) == [1042, 1042]


def test_an_empty_key_never_signs(settings):
    forged = mail_ids.OURS.fullmatch(f"<desk.1042.{mail_ids._mac('message:1042', '')}@evil.test>")
    assert forged is not None
    assert mail_ids.numbers_in(forged.group()) == []


@pytest.mark.parametrize("sender", ["Acme <desk@acme.test>", "desk@acme.test"])
def test_ids_bear_the_domain_of_the_sender(settings, sender):
    settings.DEFAULT_FROM_EMAIL = sender
    assert mail_ids.of_message(1).endswith("@acme.test>")


def test_a_thread_has_one_id_which_is_no_letter():
    assert mail_ids.of_thread("INC-214") == mail_ids.of_thread("INC-214") != mail_ids.of_thread("INC-215")
    assert mail_ids.numbers_in(mail_ids.of_thread("INC-214")) == []


@given(st.text())
def test_any_header_may_come(header):
    assert mail_ids.numbers_in(header) == []


@given(st.text())
def test_any_thread_makes_a_well_formed_id(thread):
    assert mail_ids.of_thread(thread).isascii()
    assert not set(mail_ids.of_thread(thread)[1:-1]) & set("<> \r\n\t")
