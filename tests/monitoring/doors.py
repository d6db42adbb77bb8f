"""A sender at a door: its source, its token, and what it posts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.http import HttpResponse
from django.test import Client

from monitoring.models import Alert, Source
from servicedesk.tokens import minting

PAYLOADS = Path(__file__).parents[3] / "shared/data/payloads"


@dataclass
class Sender:
    source: Source
    token: str

    def post(self, body: Any, *, path: str = "", form: str = "application/json", **headers: str) -> HttpResponse:
        raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        return Client().post(
            path or f"/in/{self.source.kind}/", raw, content_type=form, headers={"Authorization": f"Bearer {self.token}", **headers}
        )

    def open(self) -> dict[str, str]:
        """Its open alerts: the check's name to the status."""
        return dict(Alert.objects.open().filter(source_id=self.source.pk).values_list("check_ref__slug", "status"))


def sender(kind: str, **more: Any) -> Sender:
    minted = minting.mint()
    source = Source.objects.create(slug=kind, name=kind.title(), kind=kind, token_prefix=minted.prefix, token_hash=minted.digest, **more)
    return Sender(source, minted.token)
