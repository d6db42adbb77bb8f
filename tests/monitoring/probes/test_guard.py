"""Where probes may dial."""

from __future__ import annotations

import socket
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from servicedesk import deadline, targets
from tests.monitoring.probes.looking import look, tcp_server, told, web_server

PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
    "::1", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "2002:0a00:0001::1", "64:ff9b::a00:1", "::127.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_private_and_reserved_addresses_are_refused(address: str) -> None:
    assert not targets.is_allowed(ip_address(address), 443, ())


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"])
def test_the_internet_is_not(address: str) -> None:
    assert targets.is_allowed(ip_address(address), 443, ())


def test_an_allowed_network_opens_its_port_alone() -> None:
    allow = [(ip_network("10.0.0.0/8"), 5432)]
    assert targets.is_allowed(ip_address("10.1.2.3"), 5432, allow)
    assert not targets.is_allowed(ip_address("10.1.2.3"), 22, allow)
    assert not targets.is_allowed(ip_address("192.168.0.1"), 5432, allow)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1"])
def test_however_loopback_is_written_it_is_not_dialled(host: str) -> None:
    result = told("tcp", host=host, port=1, allow=())
    assert result["status"] == "unknown"
    assert "PROBE_ALLOW" in result["summary"]


def test_a_redirect_to_a_private_host_is_rechecked() -> None:
    with web_server(lambda _path: (200, {}, b"secret")) as inside:
        port = int(inside.rpartition(":")[2])
        with web_server(lambda _path: (302, {"Location": inside}, b"")) as outside:
            allowed = [(ip_network("127.0.0.1"), int(outside.rpartition(":")[2]))]
            found = look("http", url=outside, allow=allowed)
            assert f"/32:{port}" in found.missing[0].remedy
            assert look("http", url=outside).faults == []  # and is followed where both are allowed


def test_a_name_that_changes_between_look_and_call_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the second answer of the name server is never asked for."""
    answers = iter(["127.0.0.1", "127.0.0.2"])
    real = socket.getaddrinfo

    def rebinding(host: Any, *given: Any, **more: Any) -> Any:
        return real(next(answers) if host == "rebind.test" else host, *given, **more)

    monkeypatch.setattr(deadline.socket, "getaddrinfo", rebinding)
    peers: list[str] = []
    with tcp_server(lambda line: peers.append(line.getsockname()[0])) as port:
        found = look("tcp", host="rebind.test", port=port, allow=[(ip_network("127.0.0.1"), port)])
    assert (found.faults, found.missing, next(answers)) == ([], [], "127.0.0.2")
