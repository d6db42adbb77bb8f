"""A certificate as it is served: trusted or not, for this name or not, and the days it is still good."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from monitoring.probes import certificates, guard
from monitoring.probes.shape import Context, Figure, Finding, Option, Probe


def run(given: Mapping[str, Any], context: Context) -> Finding:
    found, name = Finding(), given["name"] or given["host"]
    try:
        _handshake(given, name, context, found, trusted=given["verify"])
    except ssl.SSLCertVerificationError as error:
        found.fault("critical", f"{name}: {error.verify_message}")
        with contextlib.suppress(OSError):
            _handshake(given, name, context, found, trusted=False)
    except OSError as error:
        found.fault("critical", f"{given['host']} port {given['port']}: {error.strerror or error}")
    return found


def _handshake(given: Mapping[str, Any], name: str, context: Context, found: Finding, *, trusted: bool) -> None:
    """Read the certificate, also one that is not trusted: how long it is good is still worth knowing."""
    tls, began = ssl.create_default_context(), time.monotonic()
    if not trusted:
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    with guard.dial(given["host"], given["port"], context) as line, tls.wrap_socket(line, server_hostname=name) as wire:
        found.measure("handshake_s", time.monotonic() - began)
        certificate = wire.getpeercert(binary_form=True) or b""
    found.measure("certificate_days", certificates.days_left(certificate, now=context.now))
    found.notes.append(certificates.words(certificate))


PROBE = Probe(
    name="tls",
    title=_("TLS certificate"),
    kind="network",
    run=run,
    silence="critical",
    every_s=3600,
    privilege=_("None. Private addresses need PROBE_ALLOW."),
    options=(
        Option("host", _("host"), "host", is_required=True),
        Option("port", _("port"), "whole", 443, low=1, high=65535),
        Option("name", _("name in the certificate"), "host", "", _("The host, where nothing is given.")),
        Option("verify", _("must be trusted"), "flag", True),
    ),
    figures=(
        Figure("certificate_days", "d", _("days the certificate is still good"), "14:", "7:", "Netdata x509check"),
        Figure("handshake_s", "s", _("connecting and the handshake")),
    ),
)
