"""Pages go over the wire packed, where the browser takes that; a quarter is left of a long one. Files and what is short go as they are.

The length of a packed page says something of its words. Django fills each up by chance and hides the form's token, which
is what an attack by length would need (BREACH).
"""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

PACKED = ("text/", "application/json", "application/problem+json", "application/javascript", "image/svg+xml")


class PackedMiddleware(GZipMiddleware):
    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.streaming or not response.headers.get("Content-Type", "").startswith(PACKED):
            return response
        return super().process_response(request, response)
