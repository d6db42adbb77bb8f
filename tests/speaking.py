"""A program that speaks to the API: by a token, or in the session of a person."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from servicedesk.directory.models import User
from servicedesk.tokens import issuing
from servicedesk.tokens.scopes import SCOPES
from tests.actors import NINE, signed_in

WHERE = "/api/v1/"


@dataclass
class Caller:
    client: Client
    headers: dict[str, str]

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """`headers` by names with underscores: if_match. A path that begins with "http" is a link as it was given."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = path if path.startswith(("http", "/")) else WHERE + path
        sent = {} if method in ("get", "head") else {"data": body if isinstance(body, bytes) else json.dumps(body)}
        sent |= {} if method in ("get", "head") else {"content_type": "application/json"}
        return getattr(self.client, method)(url, headers={**self.headers, **named}, **sent)

    def get(self, path: str, **headers: str) -> Any:
        return self.call("get", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("post", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self.call("patch", path, body, **headers)


def program(*scopes: str, name: str = "Backup script", **more: Any) -> Caller:
    """With a token of these scopes; of all where none is named."""
    issued = issuing.mint(name=name, scopes=scopes or SCOPES, now=NINE, **more)
    return Caller(Client(), {"Authorization": f"Bearer {issued.secret}"})


def person(user: User) -> Caller:
    return Caller(signed_in(user), {})
