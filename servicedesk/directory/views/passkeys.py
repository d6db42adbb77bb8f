"""Passkeys: added, named and removed at /me/security/; used at the door, and where we ask once more who somebody is."""

from __future__ import annotations

from typing import Any

from allauth.mfa.webauthn import views as webauthn
from allauth.mfa.webauthn.internal import auth
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.generic.edit import FormView

from servicedesk.directory import again, passkeys
from servicedesk.directory.forms_passkeys import REFUSED
from servicedesk.directory.views.signin import NewFactor, Unprocessable

HERE = reverse_lazy("security")


def is_script(request: HttpRequest) -> bool:
    """Whether the page's script asks, which wants no page."""
    return "application/json" in request.headers.get("Accept", "")


class AddPasskey(NewFactor, webauthn.AddWebAuthnView):
    """A key that is kept on the device and asks for its PIN, finger or face."""

    template_name = "me/passkey_add.html"

    def get_initial(self) -> dict[str, Any]:
        return {"name": ""}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = FormView.get_context_data(self, **kwargs)  # theirs forgets the form that was refused
        options = auth.begin_registration(self.request.user, True)
        return {**shown, "options": options, "are_possible": passkeys.are_possible(self.request)}


class RenamePasskey(Unprocessable, webauthn.EditWebAuthnView):
    template_name = "me/passkey_name.html"
    success_url = HERE


class RemovePasskey(webauthn.RemoveWebAuthnView):
    template_name = "me/passkey_remove.html"
    success_url = HERE


@method_decorator(login_not_required, name="dispatch")
class SignInByPasskey(webauthn.LoginWebAuthnView):
    """/login/passkey/: the script reads the challenge here, and brings the answer."""

    def form_invalid(self, form: Any) -> HttpResponse:
        messages.error(self.request, REFUSED)
        onward = self.request.POST.get("next")
        return redirect(f"{reverse('account_login')}?{urlencode({'next': onward})}" if onward else "account_login")


class PasskeyAgain(Unprocessable, webauthn.ReauthenticateWebAuthnView):
    """A page of its own before something that cannot be taken back; for the script of a form, a challenge and a yes (204)."""

    template_name = "me/again.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if is_script(request):
            return JsonResponse(auth.begin_authentication(request.user))
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "passkey": True}

    def form_invalid(self, form: Any) -> HttpResponse:
        if is_script(self.request):
            return JsonResponse({"detail": str(REFUSED)}, status=422)
        return self.render_to_response({**self.get_context_data(), "form": form, "passkey": True}, status=422)

    def form_valid(self, form: Any) -> HttpResponse:
        if not is_script(self.request):
            answer: HttpResponse = super().form_valid(form)
            return answer
        form.save()
        again.shown(self.request.session)
        return HttpResponse(status=204)
