"""The company's directory over LDAP: who somebody is there, and whether a password is theirs. It is only ever read.

`Away` is raised where no server of it answers in time or as it should. A connection is made for one question and closed.
"""

from __future__ import annotations

import contextlib
import importlib
import ssl
import string
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

DISABLED_BIT = 2  # of Active Directory's userAccountControl
FOREVER = "000001010000Z"  # pwdAccountLockedTime: locked by an administrator
STATE = ("userAccountControl", "nsAccountLock", "pwdAccountLockedTime", "loginDisabled")
MEMBER_OF = "memberOf"
MOST_GROUPS = 1000


class Away(Exception):
    """No server of the directory gives an answer; the text says what happened, without any password."""


@dataclass(frozen=True)
class Entry:
    """What the directory says of one person. `values`: by our own name for it; groups by their cn, in small letters."""

    dn: str
    key: str
    values: dict[str, str]
    is_active: bool
    groups: frozenset[str] = field(default_factory=frozenset)


def is_set_up() -> bool:
    return bool(settings.LDAP["servers"])


def find(login: str) -> Entry | None:
    """Whoever signs in there with this name. None: nobody, or more than one."""
    if not login.strip():
        return None
    with _asking() as line:
        return _one(line, settings.LDAP["user_filter"].replace("{login}", escaped(login.strip())))


def find_again(key: str) -> Entry | None:
    """The person with this stable id, wherever they stand now. None: no longer there."""
    with _asking() as line:
        return _one(line, f"({settings.LDAP['attributes']['id']}={_bytes_of(key)})")


def fits(entry: Entry, password: str) -> bool:
    """Whether the directory takes this password of theirs. An empty one is never sent: servers take it for a stranger's hello."""
    if not password or not entry.dn:
        return False
    with _connected(entry.dn, password) as line:
        return bool(line.bind())


def escaped(text: str) -> str:
    """Text as a value inside a filter (RFC 4515): all that could end it or match more is written as its bytes."""
    plain = set(string.ascii_letters + string.digits + "@._- ")
    return "".join(sign if sign in plain else "".join(f"\\{byte:02x}" for byte in sign.encode()) for sign in text)


def _bytes_of(key: str) -> str:
    """A key as we keep it (text, or hex: for bytes that are none) as a value inside a filter."""
    if key.startswith("hex:"):
        return "".join(f"\\{byte:02x}" for byte in bytes.fromhex(key.removeprefix("hex:")))
    return escaped(key)


def fault_of(server: dict[str, Any]) -> str:
    """What is wrong with one server of LDAP_URL, or an empty text."""
    ldap3 = _library()
    try:
        _dialled(ldap3, server, "", "").unbind()
    except (ldap3.core.exceptions.LDAPException, OSError) as error:
        return _words(error)
    return ""


@contextlib.contextmanager
def _asking() -> Iterator[Any]:
    """A line on which the desk's own account may search."""
    told = settings.LDAP
    with _connected(told["bind_dn"], told["bind_password"]) as line:
        if not line.bind():
            raise Away(f"it does not take LDAP_BIND_DN and its password ({line.result['description']})")
        yield line


@contextlib.contextmanager
def _connected(user: str, password: str) -> Iterator[Any]:
    """The first server that answers, encrypted where it is asked for, before anybody says a name."""
    ldap3 = _library()
    line, faults = None, []
    for server in settings.LDAP["servers"]:
        try:
            line = _dialled(ldap3, server, user, password)
            break
        except (ldap3.core.exceptions.LDAPException, OSError) as error:
            faults.append(f"{server['host']}:{server['port']}: {_words(error)}")
    if line is None:
        raise Away("; ".join(faults))
    try:
        yield line
    except (ldap3.core.exceptions.LDAPException, OSError) as error:
        raise Away(_words(error)) from error
    finally:
        with contextlib.suppress(Exception):
            line.unbind()


def _dialled(ldap3: Any, server: dict[str, Any], user: str, password: str) -> Any:
    told = settings.LDAP
    tls = _tls(ldap3, told["ca_file"])
    there = ldap3.Server(server["host"], server["port"], server["tls"], get_info=ldap3.NONE, tls=tls, connect_timeout=told["timeout_s"])
    line = ldap3.Connection(
        there, user or None, password or None, authentication=ldap3.SIMPLE if user else ldap3.ANONYMOUS, auto_referrals=False,
        read_only=True, check_names=False, receive_timeout=told["timeout_s"], raise_exceptions=False,
    )  # fmt: skip
    _close_what_fails(line)
    try:
        line.open()
        if server["starttls"] and not line.start_tls():
            raise OSError("it refuses StartTLS")
    except BaseException:
        _hang_up(line)
        raise
    return line


def _close_what_fails(line: Any) -> None:
    """The library tries each address of a name, and leaves open what did not lead anywhere."""
    opened = line.strategy._open_socket

    def closing(*args: Any, **kwargs: Any) -> None:
        try:
            opened(*args, **kwargs)
        except BaseException:
            _hang_up(line)
            raise

    line.strategy._open_socket = closing


def _hang_up(line: Any) -> None:
    if line.socket is not None:
        line.socket.close()


def _tls(ldap3: Any, ca_file: str) -> Any:
    """Python's own check of the server's certificate and name; the library's is older than that."""
    trusted = ssl.create_default_context(cafile=ca_file or None)

    class Checked(ldap3.Tls):  # type: ignore[misc]
        def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
            connection.socket = trusted.wrap_socket(connection.socket, server_hostname=connection.server.host)

    return Checked(validate=ssl.CERT_REQUIRED)


def _one(line: Any, filter_: str) -> Entry | None:
    told = settings.LDAP
    names = told["attributes"]
    found = _search(line, told["user_base"], filter_, [*names.values(), MEMBER_OF, *STATE], most=2)
    if len(found) != 1:
        return None
    raw = {name.lower(): value for name, value in found[0]["raw_attributes"].items()}
    values = {ours: _text(raw.get(theirs.lower())) for ours, theirs in names.items()}
    values["key"] = _key(raw.get(names["id"].lower()))
    entry = Entry(found[0]["dn"], values["key"], values, _is_active(raw))
    return Entry(entry.dn, entry.key, values, entry.is_active, _groups(line, entry, raw))


def _groups(line: Any, entry: Entry, raw: dict[str, Any]) -> frozenset[str]:
    """By LDAP_GROUP_BASE the groups that name the person; without it those that the person's entry names."""
    told = settings.LDAP
    if not told["group_base"]:
        return frozenset(_first_name(value.decode(errors="replace")) for value in raw.get(MEMBER_OF.lower(), []))
    asked = told["group_filter"].replace("{dn}", escaped(entry.dn)).replace("{username}", escaped(entry.values.get("username", "")))
    rows = _search(line, told["group_base"], asked, ["cn"], most=MOST_GROUPS)
    return frozenset(_text(next(iter(row["raw_attributes"].values()), [])).lower() for row in rows)


def _search(line: Any, base: str, filter_: str, attributes: list[str], *, most: int) -> list[dict[str, Any]]:
    line.search(base, filter_, attributes=attributes, size_limit=most, time_limit=settings.LDAP["timeout_s"])
    if line.result["result"] not in {0, 4}:  # done, or more than `most`
        raise Away(f"it does not answer a search under {base} ({line.result['description']})")
    return [row for row in line.response or [] if row["type"] == "searchResEntry"]


def _is_active(raw: dict[str, Any]) -> bool:
    said = {name: _text(raw.get(name.lower())) for name in STATE}
    control = said["userAccountControl"]
    if control.isdecimal() and int(control) & DISABLED_BIT:
        return False
    return said["pwdAccountLockedTime"] != FOREVER and "true" not in {said["nsAccountLock"].lower(), said["loginDisabled"].lower()}


def _text(values: Any) -> str:
    first = next(iter(values or []), b"")
    return str(first.decode(errors="replace")).strip()


def _key(values: Any) -> str:
    first: bytes = next(iter(values or []), b"")
    try:
        text = first.decode()
    except UnicodeDecodeError:
        return f"hex:{first.hex()}"
    return text if text.isprintable() else f"hex:{first.hex()}"


def _first_name(dn: str) -> str:
    """cn=it-ops,ou=groups,… → it-ops"""
    try:
        return str(_library("ldap3.utils.dn").parse_dn(dn, strip=True)[0][1]).lower()
    except Exception:  # the library raises whatever it stumbles over; such a group gives nothing
        return ""


def _words(error: BaseException) -> str:
    return str(error)[:200] or type(error).__name__


def _library(name: str = "ldap3") -> Any:
    """ldap3, read when the first question is asked; its names for parts of pyasn1 are old ones."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return importlib.import_module(name)
