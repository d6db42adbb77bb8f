"""/me/security/: one's own password, second factor and sessions."""

from __future__ import annotations

from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.usersessions import views as sessions
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.views.decorators.http import require_safe

from servicedesk.directory import again, factors, passkeys
from servicedesk.directory.access import PersonRequest
from servicedesk.directory.views.signin import NewFactor, Unprocessable

HERE = reverse_lazy("security")


@require_safe
def me(request: HttpRequest) -> HttpResponse:
    """/me/ leads to the page people look for there."""
    return redirect("my_notifications")


class Security(sessions.ListUserSessionsView):
    """What protects this account, and where it is signed in; a POST ends every other session."""

    template_name = "me/security.html"
    success_url = HERE
    request: PersonRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        held = Authenticator.objects.filter(user=self.request.user)
        mine = {one.type: one for one in held}
        factor = {"app": mine.get("totp"), "recovery": mine.get("recovery_codes"), "is_due": factors.is_due(self.request.session)}
        keys = {
            "passkeys": passkeys.of(self.request.user),
            "are_possible": passkeys.are_possible(self.request),
            "of_directory": again.is_of_directory(self.request.user),
        }
        return super().get_context_data(**kwargs, **factor, **keys)


class ChangePassword(Unprocessable, account.PasswordChangeView):
    template_name = "me/password.html"
    success_url = HERE


class AddApp(NewFactor, totp.ActivateTOTPView):
    template_name = "me/app_add.html"


class RemoveApp(Unprocessable, totp.DeactivateTOTPView):
    template_name = "me/app_remove.html"
    success_url = HERE
    request: PersonRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, keeps_passkey=passkeys.has_one(self.request.user))


class RecoveryCodes(recovery.ViewRecoveryCodesView):
    template_name = "me/recovery.html"


class NewRecoveryCodes(Unprocessable, recovery.GenerateRecoveryCodesView):
    template_name = "me/recovery_new.html"


class Again(Unprocessable, account.ReauthenticateView):
    """The password once more, before something that cannot be taken back."""

    template_name = "me/again.html"


class CodeAgain(Unprocessable, mfa.ReauthenticateView):
    template_name = "me/again.html"
