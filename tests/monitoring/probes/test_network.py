"""Latency, names, addresses, connections, on loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import icmplib
import pytest

from monitoring.probes import ping
from tests.monitoring.probes.looking import free_port, look, tcp_server, told, values, web_server


def refuse(*_: Any, **__: Any) -> Any:
    raise icmplib.SocketPermissionError(True)


def test_where_nobody_may_ping_tcp_is_timed_and_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ping.icmplib, "ping", refuse)
    found = look("ping", host="127.0.0.1", tcp_port=free_port(), count=3)
    assert values(found)["loss_percent"] == 0
    assert values(found)["latency_ms"] < 100
    assert "because ICMP is not permitted here (sysctl -w net.ipv4.ping_group_range" in found.notes[0]


def test_icmp_alone_without_permission_is_unknown_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ping.icmplib, "ping", refuse)
    result = told("ping", host="127.0.0.1", way="icmp")
    assert (result["status"], result["metrics"]) == ("unknown", [])
    assert "ping_group_range" in result["summary"]


def test_lost_packets_are_counted_and_all_lost_has_no_latency(monkeypatch: pytest.MonkeyPatch) -> None:
    class Host:
        rtts = (10.0, 20.0, 10.0)

    monkeypatch.setattr(ping.icmplib, "ping", lambda *_, **__: Host)
    found = values(look("ping", host="127.0.0.1", count=5))
    assert (found["loss_percent"], found["jitter_ms"], round(found["latency_ms"], 2)) == (40, 10, 13.33)
    Host.rtts = ()  # type: ignore[assignment]
    result = told("ping", host="127.0.0.1", count=5)
    assert (result["status"], [m["name"] for m in result["metrics"]]) == ("critical", ["loss_percent"])


@contextmanager
def name_server(records: dict[str, list[str]], *, rcode: int = dns.rcode.NOERROR, serial: int = 1) -> Iterator[int]:
    """A UDP name server: "name type" to its records."""
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                asked, peer = line.recvfrom(4096)
            except OSError:
                return
            question = dns.message.from_wire(asked)
            answer = dns.message.make_response(question)
            answer.set_rcode(rcode)
            wanted = question.question[0]
            kind = dns.rdatatype.to_text(wanted.rdtype)
            told = records.get(f"{wanted.name.to_text(omit_final_dot=True)} {kind}", [])
            told = [f"ns.acme.test. admin.acme.test. {serial} 1 1 1 1"] if kind == "SOA" else told
            if told:
                answer.answer.append(dns.rrset.from_text(wanted.name, 60, "IN", kind, *told))
            line.sendto(answer.to_wire(), peer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield line.getsockname()[1]
    finally:
        line.close()


RECORDS = {"acme.test A": ["192.0.2.1", "192.0.2.2"], "acme.test MX": ["10 mx.acme.test."]}


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        ({"expect": "192.0.2.1, 192.0.2.2"}, "ok", "acme.test A 192.0.2.1"),
        ({"expect": "192.0.2.1"}, "critical", "has 192.0.2.2, not expected"),
        ({"expect": "192.0.2.1, 192.0.2.2, 192.0.2.3"}, "critical", "lacks 192.0.2.3"),
        ({"type": "MX", "expect": "10 mx.acme.test"}, "ok", "10 mx.acme.test"),
        ({"type": "AAAA"}, "critical", "has no AAAA record"),
    ],
)
def test_records_are_compared_as_a_set(given: dict[str, str], status: str, words: str) -> None:
    with name_server(RECORDS) as port:
        result = told("dns", name="acme.test", servers="127.0.0.1", port=port, **given)
    assert result["status"] == status
    assert words in result["summary"]


@pytest.mark.parametrize(("rcode", "words"), [(dns.rcode.NXDOMAIN, "NXDOMAIN"), (dns.rcode.SERVFAIL, "SERVFAIL")])
def test_the_ways_a_name_can_fail_are_told_apart(rcode: int, words: str) -> None:
    with name_server({}, rcode=rcode) as port:
        assert words in told("dns", name="acme.test", servers="127.0.0.1", port=port)["summary"]


def test_a_name_server_that_is_silent_is_critical(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitoring.probes.names.EACH_S", 0.2)
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind(("127.0.0.1", 0))
    result = told("dns", name="acme.test", servers="127.0.0.1", port=silent.getsockname()[1])
    silent.close()
    assert result["status"] == "critical"
    assert "no name server answered" in result["summary"]


def test_one_serial_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    with name_server(RECORDS, serial=7) as port:
        result = told("dns", name="acme.test", servers="127.0.0.1", port=port, serials="127.0.0.1, 127.0.0.2")
    assert {m["name"]: m["value"] for m in result["metrics"]}["serials"] == 1
    assert result["status"] in ("ok", "warning")  # 127.0.0.2 may be silent: told, not fatal


def test_an_external_address_that_changes_is_told_once() -> None:
    seen = ["203.0.113.7"]
    with web_server(lambda _path: (200, {}, f'{{"ip": "{seen[0]}"}}'.encode())) as url:
        first = look("address", url=url)
        seen[0] = "203.0.113.9"
        second = look("address", url=url, memory=first.memory)
        third = look("address", url=url, memory=second.memory)
    assert second.faults == [("warning", "seen as 203.0.113.9, before as 203.0.113.7")]
    assert (first.faults, third.faults) == ([], [])


def test_an_address_nobody_tells_is_unknown() -> None:
    with web_server(lambda _path: (200, {}, b"no idea")) as url:
        assert told("address", url=url)["status"] == "unknown"


def test_connections_to_remote_hosts_are_counted_expected_and_forbidden() -> None:
    with tcp_server(lambda line: line.recv(1)) as port, socket.create_connection(("127.0.0.1", port)):
        peer = f"127.0.0.1:{port}"
        good = look("connections", must=peer)
        bad = look("connections", must="192.0.2.77:5432", must_not=peer)
    assert values(good)[f"to {peer}"] == 1
    assert good.faults == []
    assert {words for _status, words in bad.faults} == {"no connection to 192.0.2.77:5432", f"a connection to {peer}, which must not be"}


def test_a_connection_that_is_over_is_none_that_must_be_and_one_that_must_not() -> None:
    with tcp_server(lambda line: line.recv(1)) as port:
        peer = f"127.0.0.1:{port}"
        socket.create_connection(("127.0.0.1", port)).close()
        seen = look("connections", must=peer, must_not=peer)
    assert {words for _status, words in seen.faults} == {f"no connection to {peer}", f"a connection to {peer}, which must not be"}
