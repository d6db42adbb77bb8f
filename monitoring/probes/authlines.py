"""Lines of auth.log as events: who signed in from where, who failed, who became root, which account was made. Pure.

A user name comes from the wire and may hold anything, "root from 192.0.2.1" too: the last "from" of a line is the address.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

HEAD = re.compile(
    r"^(?:<\d{1,3}>)?(?:(?P<old>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)"
    r"|(?P<iso>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)))"
    r" (?P<host>\S{1,255}) (?P<program>[\w./-]{1,60})(?:\[\d{1,10}\])?: (?P<words>.*)$"
)
REPEATED = re.compile(r"^message repeated (\d{1,6}) times: \[ ?(.*)\]$")
SSHD = ("sshd", "sshd-session")
FROM = r" from (?P<address>\S{1,255})(?: port \d{1,5})?(?: ssh2)?(?::.{0,300})?(?: \[preauth\])?$"
MONTHS = {name: n for n, name in enumerate(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1)}

FAILED = re.compile(r"^Failed (?:password|keyboard-interactive/pam|publickey) for (?P<invalid>invalid user )?(?P<user>.*)" + FROM)
INVALID = re.compile(r"^(?:Invalid|Illegal) user (?P<user>.*)" + FROM)
ACCEPTED = re.compile(r"^Accepted (?:password|publickey|keyboard-interactive/pam|gssapi-with-mic|hostbased) for (?P<user>.*)" + FROM)
ROOT_REFUSED = re.compile(r"^ROOT LOGIN REFUSED" + FROM)
SCANNED = re.compile(r"^(?:Did not receive identification string|Bad protocol version identification .{0,200}?)" + FROM)
SUDO_DENIED = re.compile(
    r"^\s*(?P<user>\S{1,64}) : (?:\d+ incorrect password attempts?|user NOT in sudoers|command not allowed|a password is required)"
)
SUDO_DONE = re.compile(r"^\s*(?P<user>\S{1,64}) : (?:TTY=\S{1,40} ; )?PWD=.{0,400} ; USER=(?P<address>\S{1,64}) ; COMMAND=")
SU_DENIED = re.compile(
    r"^(?:FAILED SU \(to \S{1,64}\) (?P<user>\S{1,64}) on "
    r"|pam_unix\(su(?:-l)?:auth\): authentication failure;.{0,200} ruser=(?P<other>\S{1,64}))"
)
ACCOUNT = re.compile(r"^new user: name=(?P<user>[^,]{1,64}), UID=(?P<uid>\d{1,10})")
INTO_GROUP = re.compile(r"^add '(?P<user>[^']{1,64})' to group '(?:sudo|wheel|admin|root)'$")
Pattern = tuple[str, re.Pattern[str]]
BY_PROGRAM: tuple[tuple[tuple[str, ...], tuple[Pattern, ...]], ...] = (
    (SSHD, (("failed", FAILED), ("invalid", INVALID), ("accepted", ACCEPTED), ("root_refused", ROOT_REFUSED), ("scanned", SCANNED))),
    (("sudo",), (("sudo_failed", SUDO_DENIED), ("sudo", SUDO_DONE))),
    (("su",), (("su_failed", SU_DENIED),)),
    (("useradd", "usermod", "adduser"), (("account", ACCOUNT), ("made_root", INTO_GROUP))),
)


@dataclass(frozen=True, slots=True)
class Event:
    """`times`: how often, where syslog folded repeats into one line."""

    at: datetime
    kind: str
    user: str
    address: str
    times: int = 1


def events(lines: Iterable[str], *, now: datetime, zone: tzinfo | None = None) -> Iterator[Event]:
    """Events in the order of the lines. `zone`: of stamps without one; None: this host's own."""
    for line in lines:
        head = HEAD.match(line)
        if head is None:
            continue
        at = _moment(head, now, zone)
        if at is not None and (event := _event(at, head["program"].rpartition("/")[2], head["words"])):
            yield event


def _event(at: datetime, program: str, words: str) -> Event | None:
    repeated = REPEATED.match(words)
    times, words = (int(repeated[1]), repeated[2]) if repeated else (1, words)
    for programs, patterns in BY_PROGRAM:
        if program in programs:
            for kind, pattern in patterns:
                if found := pattern.match(words):
                    said = found.groupdict()
                    user = (said.get("user") or said.get("other") or "")[:64]
                    return Event(at, kind, user, _address(said.get("address") or ""), times)
    return None


def _address(text: str) -> str:
    """An address in its one form; a host name as it is, without what is no part of one."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return re.sub(r"[^\w.:-]", "?", text)[:100]
    return str(getattr(address, "ipv4_mapped", None) or address)


def _moment(head: re.Match[str], now: datetime, zone: tzinfo | None) -> datetime | None:
    try:
        if head["iso"]:
            return datetime.fromisoformat(head["iso"]).astimezone(UTC)
        return old_stamp(head["old"], now=now, zone=zone)
    except (ValueError, KeyError, OverflowError):
        return None


def old_stamp(text: str, *, now: datetime, zone: tzinfo | None) -> datetime:
    """ "Dec 10 06:55:46" in the year that lies nearest before now: a July line read in January is last year's."""
    month, day, clock = text.split()
    hour, minute, second = (int(part) for part in clock.split(":"))
    for year in (now.year + 1, now.year, now.year - 1, now.year - 4):
        try:
            local = datetime(year, MONTHS[month], int(day), hour, minute, second, tzinfo=zone)
        except ValueError:  # 29 February
            continue
        if local.astimezone(UTC) <= now + timedelta(days=1):
            return local.astimezone(UTC)
    raise ValueError(text)
