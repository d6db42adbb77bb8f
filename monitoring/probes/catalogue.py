"""Every probe there is, by its name. Each is read when it is first asked for: what it needs (a database's driver, a resolver) is large."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module

from monitoring.probes.shape import Probe

# the name and, where it is another, the module
NAMES: dict[str, str] = {
    name: module or name
    for name, _colon, module in (
        each.partition(":")
        for each in (
            *("disk", "memory", "cpu", "processes", "traffic", "ping", "tcp", "dns:names", "tls", "address", "connections", "http"),
            *("accesslog", "prometheus:scrape", "plugin", "uptime", "postgresql:postgres", "mysql", "backup", "mailtrip", "mailbox"),
            *("maillog", "mailqueue", "authlog", "scans", "listening", "accounts", "audit"),
        )
    )
}


class Catalogue(MutableMapping[str, Probe]):
    def __init__(self) -> None:
        self.read: dict[str, Probe] = {}

    def __getitem__(self, name: str) -> Probe:
        if name not in self.read:
            self.read[name] = import_module(f"monitoring.probes.{NAMES[name]}").PROBE
        return self.read[name]

    def __contains__(self, name: object) -> bool:
        return name in NAMES

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES)

    def __len__(self) -> int:
        return len(NAMES)

    def __setitem__(self, name: str, probe: Probe) -> None:
        self.read[name] = probe

    def __delitem__(self, name: str) -> None:
        del self.read[name]


PROBES = Catalogue()
