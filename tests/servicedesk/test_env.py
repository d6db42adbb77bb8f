"""Settings are refused with a sentence, never read as something else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from servicedesk.env import Env, Misconfigured, meant, read_dotenv, refuse_unknown

ROOT = Path(__file__).resolve().parents[2]

MALFORMED: list[tuple[str, Callable[[Env], Any], str]] = [
    ("ninety", lambda env: env.whole("X", 1, low=1, high=9), "X: 'ninety' is not a whole number."),
    ("10", lambda env: env.whole("X", 1, low=1, high=9), "X: 10 is not between 1 and 9."),
    ("perhaps", lambda env: env.flag("X"), "X: 'perhaps' is not yes or no."),
    ("xml", lambda env: env.choice("X", "json", ("json", "console")), "X: 'xml' is not one of json, console."),
    ("ftp://host", lambda env: env.url("X", "", ("http", "https")), "X: must begin with http:// or https://."),
    ("http://host:port", lambda env: env.url("X", "", ("http",)), "X: is not a URL"),
    ("http://[::1", lambda env: env.url("X", "", ("http",)), "X: is not a URL"),
    ("https:///path", lambda env: env.url("X", "", ("https",), host=True), "X: names no host."),
    ("Europe/Pariss", lambda env: env.zone("X", "UTC"), "X: 'Europe/Pariss' is not a time zone."),
    ("../etc/passwd", lambda env: env.zone("X", "UTC"), "X: '../etc/passwd' is not a time zone."),
    ("desk", lambda env: env.email("X"), "X: 'desk' is not an e-mail address."),
    ("a@b.org\nBcc: c@d.org", lambda env: env.email("X"), "is not an e-mail address."),
    ("short", lambda env: env.secret("X", shortest=16), "X: is shorter than 16 characters."),
    ("https://desk.example.org", lambda env: env.hosts("X"), "is not a bare host name"),
    ("desk.example.org:443", lambda env: env.hosts("X"), "is not a bare host name"),
    ("desk.example.org", lambda env: env.origins("X"), "is not an origin"),
    ("https://desk.example.org/path", lambda env: env.origins("X"), "is not an origin"),
    ("10.0.0.0/33", lambda env: env.networks("X"), "X: '10.0.0.0/33' is not an address or a range"),
    ("10.0.0.0/8", lambda env: env.targets("X"), "X: '10.0.0.0/8' is not CIDR:port"),
    ("10.0.0.0/8:70000", lambda env: env.targets("X"), "is not CIDR:port"),
    ("06 12", lambda env: env.matching("X", "", r"\+\d+", "a number"), "X: '06 12' is not a number."),
]


@pytest.mark.parametrize(("value", "read", "sentence"), MALFORMED, ids=[value for value, _, _ in MALFORMED])
def test_a_malformed_value_is_refused_with_a_sentence(value: str, read: Callable[[Env], Any], sentence: str) -> None:
    with pytest.raises(Misconfigured) as refusal:
        read(Env({"X": value}))
    assert sentence in str(refusal.value)


def test_well_formed_values_are_read_as_what_they_are() -> None:
    env = Env({"F": "Yes", "N": "7", "H": "a.org, [::1],.b.org", "T": "10.0.0.0/8:443,[fd00::]/8:0", "E": "Desk <d@a.org>"})
    assert (env.flag("F"), env.whole("N", 1, low=1, high=9), env.email("E")) == (True, 7, "Desk <d@a.org>")
    assert env.hosts("H") == ["a.org", "[::1]", ".b.org"]
    assert [(str(network), port) for network, port in env.targets("T")] == [("10.0.0.0/8", 443), ("fd00::/8", 0)]


def test_an_empty_value_counts_as_not_given() -> None:
    env = Env({"PORT": " ", "DEBUG": ""})
    assert env.whole("PORT", 8000, low=1, high=65535) == 8000
    assert env.flag("DEBUG") is False


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    assert Env({"X_FILE": str(tmp_path / "token")}).text("X") == "s3cret"


def test_a_secret_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"X_FILE: cannot read .*: No such file"):
        Env({"X_FILE": str(tmp_path / "token")}).text("X")


def test_a_value_given_twice_is_refused() -> None:
    with pytest.raises(Misconfigured, match="X: is given, and X_FILE too"):
        Env({"X": "a", "X_FILE": "/b"}).text("X")


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("DATABSE_URL", "DATABASE_URL"),
        ("EMAIL_URI", "EMAIL_URL"),
        ("TWILIO_FORM", "TWILIO_FROM"),
        ("SECRETKEY", "SECRET_KEY"),
        ("ALLOWED_HOST", "ALLOWED_HOSTS"),
        ("TIMEZONE", "TIME_ZONE"),
        ("DATADIR", "DATA_DIR"),
        ("SECRETKEY_FILE", "SECRET_KEY"),
    ],
)
def test_a_name_typed_wrong_is_refused_and_the_right_one_named(typed: str, known: str) -> None:
    with pytest.raises(Misconfigured, match=f"{typed}: is not a setting. Did you mean {known}?"):
        refuse_unknown([typed])


def test_a_name_of_our_own_family_that_nobody_reads_is_refused() -> None:
    with pytest.raises(Misconfigured, match="TWILIO_REGION: is not a setting"):
        refuse_unknown(["TWILIO_REGION"])


def test_reserved_names_and_the_names_of_others_are_left_alone() -> None:
    others = ["REDIS_PORT", "DATABASE_SERVICE_HOST", "DEBUGINFOD_URLS", "PATH", "SSL_CERT_FILE", "MAILCHECK", "TEST_DATABASE_URL"]
    reserved = ["OIDC_CLIENT_ID", "OTEL_EXPORTER_OTLP_ENDPOINT", "HEARTBEAT_URL", "FIELD_KEYS_FILE", "TWILIO_AUTH_TOKEN_FILE"]
    refuse_unknown([*others, *reserved])
    assert [meant(name) for name in others] == [None] * len(others)


def test_a_dotenv_file_fills_what_is_not_set(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text('# desk\n\nPORT=9000 # ours\nexport SITE_URL="https://desk.example.org"\nDATA_DIR=/a\n')
    environ = {"DATA_DIR": "/b"}
    read_dotenv(tmp_path / ".env", environ)
    assert environ == {"DATA_DIR": "/b", "PORT": "9000", "SITE_URL": "https://desk.example.org"}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("just words", "line 1 is not KEY=value."),
        ("EMAIL_URI=smtp://a", "line 1: EMAIL_URI is not a setting. Did you mean EMAIL_URL?"),
        ("COLOUR=red", "line 1: COLOUR is not a setting."),
    ],
)
def test_a_dotenv_line_nobody_reads_is_refused(tmp_path: Path, line: str, sentence: str) -> None:
    (tmp_path / ".env").write_text(line + "\n")
    with pytest.raises(Misconfigured) as refusal:
        read_dotenv(tmp_path / ".env", {})
    assert sentence in str(refusal.value)


def start(tmp_path: Path, **given: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "ENV_FILE": os.devnull, **given}
    command = [sys.executable, "-c", "import servicedesk.settings"]
    return subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"PORT": "eighty"}, "PORT: 'eighty' is not a whole number."),
        ({"DATABASE_URL": "mysql://h/d"}, "DATABASE_URL: must begin with sqlite:// or postgres:// or postgresql://."),
        ({"DATABASE_URL": "postgres://h"}, "DATABASE_URL: names no database."),
        ({"DATABSE_URL": "postgres://h/d"}, "Did you mean DATABASE_URL?"),
        ({"ANYMAIL_PROVIDER": "pigeon"}, "ANYMAIL_PROVIDER: 'pigeon' is not a mail service"),
        ({"TWILIO_ACCOUNT_SID": "AC1"}, "TWILIO_ACCOUNT_SID: needs TWILIO_AUTH_TOKEN and TWILIO_FROM beside it."),
        ({"TWILIO_FROM": "0612"}, "TWILIO_FROM: '0612' is not a number"),
        ({"DATA_DIR": "/proc/nowhere"}, "DATA_DIR: cannot write /proc/nowhere"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_the_start_is_stopped_by_one_sentence(tmp_path: Path, given: dict[str, str], sentence: str) -> None:
    ended = start(tmp_path, **given)
    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert ended.stderr.count("\n") == 1, ended.stderr


def test_a_start_with_nothing_set_makes_a_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    assert start(tmp_path).returncode == 0
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_the_url_of_a_brokers_socket_is_passed_on_as_given(tmp_path: Path) -> None:
    environ = {"DATA_DIR": str(tmp_path), "ENV_FILE": os.devnull, "REDIS_URL": "redis+socket:///run/desk.sock"}
    told = subprocess.run(
        [sys.executable, "-c", "from servicedesk import settings; print(settings.CELERY_BROKER_URL)"],
        env=environ, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert told.stdout == "redis+socket:///run/desk.sock\n"
