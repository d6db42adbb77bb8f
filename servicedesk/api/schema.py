"""The API's own description (OpenAPI): scopes, headers and errors that every operation has."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from servicedesk.api.authentication import scopes_of

TEXT = {"type": "string"}
ERROR = {"type": "object", "required": ["field", "code", "message"], "properties": {"field": TEXT, "code": TEXT, "message": TEXT}}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {"type": TEXT, "title": TEXT, "status": {"type": "integer"}, "detail": TEXT, "errors": {"type": "array", "items": ERROR}},
}
ALWAYS = {
    "400": "A field or parameter is wrong or unknown.",
    "401": "No token, or one that is unknown, expired or revoked.",
    "403": "Not with this token's scopes, or not in this role.",
    "404": "There is nothing here that you may see.",
    "406": "The API answers in application/json only.",
    "429": "Too many requests; Retry-After says when to come again.",
}
WRITING = {
    "409": "It cannot be done with this thing as it is now.",
    "412": "It has changed since the state that If-Match names.",
    "413": "The body is too large.",
    "415": "The body is not application/json.",
}
KNOWN = {"304": {"description": "It has not changed since the ETag that If-None-Match names. No body."}}
POSTING = {"422": "This Idempotency-Key belongs to another request."}


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "servicedesk.api.authentication.BearerToken"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "msd_<8>_<43>"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "servicedesk.api.authentication.SignedIn"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": "desk"}


class DeskSchema(AutoSchema):
    """Each operation says the scope it needs and the headers it understands."""

    def get_description(self) -> str:  # type: ignore[override]
        text = super().get_description() or ""
        return f"{text}\n\nScope of a token: {', '.join(scopes_of(self.view, self.method))}.".strip()

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        """Ticket, not TicketShape."""
        return str(super().get_serializer_name(serializer, direction)).removesuffix("Shape")

    def get_override_parameters(self) -> list[Any]:
        names, action = [], getattr(self.view, "action", "")
        if self.method == "POST":
            names.append(("Idempotency-Key", "At most 64 signs. The same key and body within 24 h get the first answer again."))
        if self.method in ("POST", "PATCH") and "{" in self.path and action != "create":
            names.append(("If-Match", "The ETag it must still have."))
        if self.method == "GET" and "{" in self.path:
            names.append(("If-None-Match", "The ETag that is known: 304 where it has not changed."))
        return [OpenApiParameter(name, str, OpenApiParameter.HEADER, description=text) for name, text in names]


def with_problems(result: dict[str, Any], generator: Any, request: Any, public: Any) -> dict[str, Any]:
    """Every operation with the errors it may answer."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            told = ALWAYS | (WRITING if method != "get" else {}) | (POSTING if method == "post" else {})
            operation["responses"].update({status: _problem(text) for status, text in told.items()})
            operation["responses"].update(KNOWN if method == "get" and "{" in path else {})
    return result


def _problem(text: str) -> dict[str, Any]:
    return {"description": text, "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
