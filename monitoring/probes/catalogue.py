"""Every probe there is, by its name."""

from __future__ import annotations

from monitoring.probes import http, tcp, tls
from monitoring.probes.shape import Probe

PROBES: dict[str, Probe] = {module.PROBE.name: module.PROBE for module in (http, tcp, tls)}
