"""`check_sso`: read what the company's sign-in publishes about itself. Exit 0: it reads well; 1: what is wrong, and what to do."""

from __future__ import annotations

import sys
from typing import Any

import httpx2
from django.conf import settings
from django.core.management.base import BaseCommand

PATIENCE_S = 5.0
PUBLISHED = "/.well-known/openid-configuration"
NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")


class Command(BaseCommand):
    help = "Try the company's sign-in (OIDC_*) without signing anybody in."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.OIDC_CONFIGURED:
            self._fail("OIDC_ISSUER is not set: there is no company sign-in. .env.example says what it needs.")
        issuer = settings.OIDC_APPS[0]["settings"]["server_url"].removesuffix(PUBLISHED).rstrip("/")
        self.stdout.write(f"Redirect address to register there: {settings.SITE_URL}/login/sso/callback/")
        told = self._read(issuer + PUBLISHED, "OIDC_ISSUER")
        missing = [name for name in NEEDED if not told.get(name)]
        if missing:
            self._fail(f"OIDC_ISSUER: {issuer} does not publish {', '.join(missing)}. Is it the issuer's address?")
        if told["issuer"].rstrip("/") != issuer:
            self._fail(f"OIDC_ISSUER is {issuer}, but the provider calls itself {told['issuer']}. Set it to that.")
        if not self._read(told["jwks_uri"], "its keys").get("keys"):
            self._fail(f"No keys at {told['jwks_uri']}: tokens could not be believed.")
        self.stdout.write(f"{issuer} reads well: endpoints and keys are there. Now sign in once by hand.")

    def _read(self, url: str, whose: str) -> dict[str, Any]:
        try:
            answer = httpx2.get(url, timeout=PATIENCE_S, follow_redirects=False)
            answer.raise_for_status()
            found = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            self._fail(f"{whose}: {url} cannot be read: {error}. Is the address right, and reachable from here?")
        return found if isinstance(found, dict) else {}

    def _fail(self, words: str) -> Any:
        self.stdout.write(words)
        sys.exit(1)
