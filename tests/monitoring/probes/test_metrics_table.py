"""The table of docs/metrics.md: every row names a probe with that figure, and a test that exists; every metric asked for has a row."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from monitoring.probes.catalogue import PROBES
from monitoring.sources.speakers import SPEAKERS
from tests.monitoring.probes import sheet

TESTS = Path(__file__).parents[1]
ASKED = {
    "security": "failed logins, successful logins, invalid users, scans per address, brute force per address, success after failures, "
    "sudo, new accounts, new listening ports, mass export, confidential reads",
    "application": "requests a second, response time percentiles, error rate, uptime, HTTP, access logs, Prometheus, New Relic",
    "system": "disk, inodes, memory, swap, CPU, load, file descriptors, processes, network traffic",
    "database": "rows inserted, rows updated, rows deleted, average row length, sizes, transaction logs, backup age, backup size, "
    "backup frequency, connections, lag, locks, sheet",
    "network": "bandwidth, latency, jitter, loss, external address, DNS records, TCP connections to remote hosts, TLS",
    "mail": "senders an hour, recipients an hour, table of senders, new external senders, unusually large mail, header authentication, "
    "spam verdict, content patterns, queue, round trip",
}


def rows() -> list[list[str]]:
    lines = sheet.DOCS.read_text().partition("## The table")[2].partition("\n## ")[0].splitlines()
    return [[cell.strip().strip("`") for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| ")][1:]


@cache
def named_in(name: str) -> set[str]:
    tree = ast.parse((TESTS / name).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row[0]} {row[1]} {row[2]}")
def test_each_row_names_what_there_is(row: list[str]) -> None:
    kind, _metric, where, figure, needs, test = row
    assert kind in ASKED
    assert needs
    if where.startswith("door "):
        assert where.removeprefix("door ") in SPEAKERS
    elif figure != "-":
        assert PROBES[where].figure(figure), f"{where} does not measure {figure}"
    else:
        assert where in PROBES
    file, _colons, name = test.partition("::")
    assert name in named_in(file)


@pytest.mark.parametrize("kind", ASKED)
def test_every_metric_asked_for_has_a_row(kind: str) -> None:
    there = {row[1] for row in rows() if row[0] == kind}
    assert {metric.strip() for metric in ASKED[kind].split(",")} - there == set()


def test_every_probe_has_a_row() -> None:
    assert set(PROBES) - {row[2] for row in rows()} == set()


def test_options_and_defaults_are_written_as_they_are() -> None:
    assert sheet.DOCS.read_text().endswith(sheet.written()), "run python -m tests.monitoring.probes.sheet"
