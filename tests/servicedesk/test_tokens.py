"""Tokens: made once, shown once, kept as a hash; each opens what its scopes say, as a service account, until it is taken back."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.db import connection
from django.test.utils import CaptureQueriesContext

from servicedesk.audit.models import AuditEntry
from servicedesk.directory.models import Role, User
from servicedesk.operations.worlds.company import Company
from servicedesk.tokens import issuing, minting
from servicedesk.tokens.models import ApiToken
from servicedesk.tokens.scopes import SCOPES, UnknownScope
from tests.actors import NINE, signed_in

MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.django_db


def minted(**more: Any) -> issuing.Issued:
    return issuing.mint(**{"name": "Backup script", "scopes": ["tickets:read"], "now": NINE, **more})


def test_the_secret_is_kept_nowhere() -> None:
    issued = minted()
    row = str(ApiToken.objects.values().get()) + str(list(AuditEntry.objects.values()))
    assert minting.FORM.match(issued.secret)
    assert issued.secret not in row
    assert issued.secret.rpartition("_")[2] not in row


def test_a_token_is_known_by_its_secret_alone() -> None:
    issued = minted()
    other = minting.mint(issued.token.prefix)
    assert issuing.bearer(issued.secret, now=NINE) == issued.token
    assert issuing.bearer(other.token, now=NINE) is None
    assert issuing.bearer("", now=NINE) is None


def test_an_expired_one_opens_nothing() -> None:
    issued = minted(expires_at=NINE + MINUTE)
    assert issuing.bearer(issued.secret, now=NINE)
    assert issuing.bearer(issued.secret, now=NINE + MINUTE) is None


def test_a_revoked_one_opens_nothing_and_the_trail_says_who_did_it(acme: Company) -> None:
    issued = minted(created_by=acme.people["adam"])
    issuing.revoke(issued.token, actor=acme.people["adam"], now=NINE)
    issuing.revoke(issued.token, actor=acme.people["adam"], now=NINE + MINUTE)
    assert issuing.bearer(issued.secret, now=NINE) is None
    assert list(AuditEntry.objects.filter(noun="tokens.apitoken").values_list("verb", "actor_label")) == [
        ("revoke", "Adam"),
        ("mint", "Adam"),
    ]


def test_one_of_a_dismissed_account_opens_nothing() -> None:
    issued = minted()
    User.objects.filter(pk=issued.token.owner_id).update(is_active=False)
    assert issuing.bearer(issued.secret, now=NINE) is None


def test_it_acts_as_a_service_account_that_cannot_sign_in() -> None:
    owner = minted().token.owner
    assert (owner.username, owner.kind, owner.has_usable_password()) == ("api-backup-script", User.Kind.SERVICE, False)


def test_a_second_token_of_the_same_name_acts_as_the_same_account() -> None:
    assert minted().token.owner == minted().token.owner


def test_an_account_with_that_user_name_that_is_a_person_is_left_alone() -> None:
    ella = User.objects.create_user("api-backup-script", name="Ella", created_at=NINE)
    assert minted().token.owner != ella


def test_people_have_no_tokens(acme: Company) -> None:
    with pytest.raises(issuing.NotAServiceAccount):
        minted(owner=acme.people["adam"])


@pytest.mark.parametrize("scopes", [[], ["tickets"], ["tickets:read", "tickets:admin"], ["results:read"]])
def test_a_scope_nobody_knows_is_refused(scopes: list[str]) -> None:
    with pytest.raises(UnknownScope):
        minted(scopes=scopes)


def test_a_token_says_what_uses_it() -> None:
    with pytest.raises(issuing.NameNeeded):
        minted(name=" ?! ")


def test_service_accounts_are_never_offered_as_people_of_the_desk(acme: Company) -> None:
    owner = minted().token.owner
    assert owner.is_agent
    assert owner not in User.objects.get_queryset().holding(Role.AGENT)


def test_its_use_is_written_at_most_once_a_minute() -> None:
    token = minted().token
    for seconds in (0, 1, 59, 60, 61):
        issuing.remember_use(ApiToken.objects.get(pk=token.pk), now=NINE + timedelta(seconds=seconds))
        token.refresh_from_db()
        assert token.last_used_at == NINE + (MINUTE if seconds >= 60 else timedelta(0))


def test_a_use_within_the_minute_asks_the_database_nothing() -> None:
    token = minted().token
    issuing.remember_use(token, now=NINE)
    token.refresh_from_db()
    with CaptureQueriesContext(connection) as queries:
        issuing.remember_use(token, now=NINE + timedelta(seconds=59))
    assert len(queries) == 0


def test_of_many_that_come_at_once_one_writes_it() -> None:
    read_before = minted().token
    issuing.remember_use(ApiToken.objects.get(pk=read_before.pk), now=NINE)
    issuing.remember_use(read_before, now=NINE + timedelta(seconds=1))
    assert ApiToken.objects.get().last_used_at == NINE


# The admin


@pytest.mark.parametrize(("who", "is_revoked"), [("adam", True), ("dana", False), ("vera", False)])
def test_administrators_take_tokens_back_in_the_admin(acme: Company, who: str, is_revoked: bool) -> None:
    token = minted().token
    form = {"action": "revoke", "_selected_action": token.pk}
    signed_in(acme.people[who]).post("/admin/tokens/apitoken/", form)
    token.refresh_from_db()
    assert (token.revoked_at is not None) == is_revoked


def test_the_admin_shows_no_hash(acme: Company) -> None:
    token = minted().token
    page = signed_in(acme.people["adam"]).get(f"/admin/tokens/apitoken/{token.pk}/change/").content.decode()
    assert token.prefix in page
    assert token.digest not in page


# The command


def created(*words: str) -> str:
    out = StringIO()
    call_command("create_token", *words, stdout=out)
    return out.getvalue()


def test_the_command_prints_the_token_alone() -> None:
    said = created("Night job", "--scope", "tickets:read", "--scope", "incidents:read")
    token = ApiToken.objects.get()
    assert said == said.strip() + "\n"
    assert minting.matches(said.strip(), token.digest)
    assert (token.name, token.scopes, token.expires_at) == ("Night job", ["tickets:read", "incidents:read"], None)


@pytest.mark.parametrize(
    "words", [["Job", "--scope", "all"], ["?", "--scope", "tickets:read"], ["Job", "--scope", "tickets:read", "--days", "0"]]
)
def test_the_command_refuses_with_2_and_a_sentence(words: list[str]) -> None:
    with pytest.raises(CommandError) as refused:
        created(*words)
    assert refused.value.returncode == 2
    assert str(refused.value).endswith(".")
    assert not ApiToken.objects.exists()


def test_the_command_without_a_scope_is_a_mistake_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    command = load_command_class(get_commands()["create_token"], "create_token")
    with pytest.raises(SystemExit) as left:
        command.run_from_argv(["manage.py", "create_token", "Job"])
    assert left.value.code == 2
    assert "--scope" in capsys.readouterr().err


def test_scopes_are_those_of_the_contract() -> None:
    areas = ("tickets", "incidents", "people", "monitoring", "config", "reports")
    assert set(SCOPES) == {f"{area}:{verb}" for area in areas for verb in ("read", "write")} | {"results:write", "metrics:read"}
