"""Tokens in the admin: who has one, what it opens, when it was last used; taken back here, made by the command alone."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from servicedesk import clock
from servicedesk.audit.desk_admin import RecordAdmin
from servicedesk.directory.models import User
from servicedesk.tokens import issuing
from servicedesk.tokens.models import ApiToken


@admin.register(ApiToken)
class ApiTokenAdmin(RecordAdmin):
    list_display = ("name", "prefix", "owner", "scopes", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("owner",)
    search_fields = ("name", "prefix", "owner__username")
    fields = ("name", "prefix", "scopes", "owner", ("created_by", "created_at"), "expires_at", "last_used_at", "revoked_at")
    actions = ("revoke",)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.is_admin

    @admin.action(description=_("Take the selected tokens back"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiToken]) -> None:
        assert isinstance(request.user, User)  # the permission let nobody else in
        taken = [issuing.revoke(token, actor=request.user, now=clock.now()) for token in rows.filter(revoked_at=None)]
        words = ngettext("%(n)d token opens nothing any more.", "%(n)d tokens open nothing any more.", len(taken))
        self.message_user(request, words % {"n": len(taken)}, messages.SUCCESS)
