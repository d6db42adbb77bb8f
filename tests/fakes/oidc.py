"""A company's sign-in on this machine: OpenID Connect discovery, authorization code with PKCE, signed id tokens, user info.

Whoever is `at_the_keyboard` is let in; nobody is asked for anything.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "servicedesk", "canary-client-secret"


class Provider:
    def __init__(self, url: str) -> None:
        self.url = url
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.at_the_keyboard: dict[str, Any] | None = None
        self.codes: dict[str, tuple[dict[str, Any], str, str]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}

    def discovery(self) -> dict[str, Any]:
        ends = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "userinfo_endpoint": "/me", "jwks_uri": "/keys"}
        return {"issuer": self.url, "token_endpoint_auth_methods_supported": ["client_secret_post"]} | {
            name: self.url + path for name, path in ends.items()
        }

    def keys(self) -> dict[str, Any]:
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**key, "kid": "one", "alg": "RS256", "use": "sig"}]}

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser is sent back to: with a code, or with an error where nobody is at the keyboard."""
        if asked.get("client_id") != CLIENT or self.at_the_keyboard is None:
            answer = {"error": "access_denied", "state": asked["state"]}
        else:
            code = secrets.token_urlsafe(12)
            self.codes[code] = (self.at_the_keyboard, asked["code_challenge"], asked["redirect_uri"])
            answer = {"code": code, "state": asked["state"]}
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def token(self, asked: dict[str, str]) -> dict[str, Any] | None:
        """Tokens for a code, once, for the right secret, verifier and address."""
        claims, challenge, address = self.codes.pop(asked.get("code", ""), ({}, "", ""))
        proof = base64.urlsafe_b64encode(hashlib.sha256(asked.get("code_verifier", "").encode()).digest()).decode().rstrip("=")
        if not claims or (asked.get("client_secret"), proof, asked.get("redirect_uri")) != (SECRET, challenge, address):
            return None
        access, now = secrets.token_urlsafe(12), int(time.time())
        self.tokens[access] = claims
        told = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 60, **claims}
        signed = jwt.encode(told, self.key, "RS256", headers={"kid": "one"})
        return {"access_token": access, "token_type": "Bearer", "id_token": signed, "expires_in": 60}


@contextmanager
def provider() -> Iterator[Provider]:
    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, asked = urlsplit(self.path).path, {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            if path == "/authorize":
                self.send_response(302)
                self.send_header("Location", ours.authorize(asked))
                self.end_headers()
                return
            bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
            pages = {"/.well-known/openid-configuration": ours.discovery(), "/keys": ours.keys(), "/me": ours.tokens.get(bearer)}
            self.answer(pages.get(path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.answer(ours.token({name: values[0] for name, values in parse_qs(body).items()}))

        def answer(self, page: dict[str, Any] | None) -> None:
            body = json.dumps(page or {"error": "refused"}).encode()
            self.send_response(200 if page else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name is the standard library's)
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        ours = Provider(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield ours
        finally:
            server.shutdown()
            thread.join()
