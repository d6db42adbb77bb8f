"""Where django-allauth asks the desk: who may come in, what is told to whom, what goes on the trail."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from servicedesk import clock, sealing
from servicedesk.audit import trail
from servicedesk.directory import again, factors, passkeys
from servicedesk.directory.forms_signin import NOT_TOGETHER
from servicedesk.directory.models import Organisation, User
from servicedesk.operations import letters, newcomers

BY_PASSKEY = "mfa_reauthenticate:webauthn"
TOO_MANY = gettext_lazy("Too many wrong tries. Wait a few minutes, then try again; the desk's telephone helps sooner.")


class DeskAccounts(DefaultAccountAdapter):
    """Nobody signs up by themselves. Sign-ins and their failures are on the trail; mail goes by the outbox."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": NOT_TOGETHER,
        "invalid_login": NOT_TOGETHER,
        "too_many_login_attempts": TOO_MANY,
        "rate_limited": TOO_MANY,
        "incorrect_password": gettext_lazy("That is not your password."),
        "enter_current_password": gettext_lazy("That is not your current password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Pages say what happened themselves."""

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        given = request.session.get("account_authentication_methods", [])
        methods = ["passkey" if one.get("type") == Authenticator.Type.WEBAUTHN else one["method"] for one in given]
        if "socialaccount" not in methods:  # the company's sign-in asks for its own second factor
            factors.note(request.session, user)
        trail.record(user, "signed in", actor=user, now=clock.now(), after={"by": methods})
        return super().post_login(request, user, **kwargs)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        known = User.objects.get_queryset().by_login(credentials.get("username", "")).first()
        if known:
            trail.record(known, "sign-in refused", actor=None, now=clock.now(), after={"address": self.get_client_ip(request)})

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """A passkey first, where the browser can; in our words."""
        known = {one["id"]: one for one in super().get_reauthentication_methods(user)}
        if user.is_authenticated and again.is_of_directory(user):
            known["reauthenticate"] = {"id": "reauthenticate", "url": reverse("account_reauthenticate")}
        if not passkeys.are_possible(context.request):
            known.pop(BY_PASSKEY, None)
        words = {BY_PASSKEY: _("Use a passkey"), "reauthenticate": _("Use your password"), "mfa_reauthenticate": _("Use a code")}
        return [{**known[one], "description": text} for one, text in words.items() if one in known]

    def is_reauthentication_required(self, *, app: str) -> bool:
        """The library takes the proof of nobody whose password is elsewhere: what this session proved lately is looked up here too."""
        proofs = [one["at"] for one in context.request.session.get("account_authentication_methods", []) if one.get("reauthenticated")]
        is_fresh = bool(proofs) and time.time() - proofs[-1] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
        return bool(super().is_reauthentication_required(app=app)) and not is_fresh

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Whoever the directory has let go does not come in by a passkey either."""
        if newcomers.has_left(user):
            return self.respond_user_inactive(request, user)
        refusal: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return refusal

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        messages.error(request, NOT_TOGETHER)
        return redirect("account_login")

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        if user.has_usable_password():  # who only comes by the company's sign-in has none to reset
            letters.forgotten(user, url=context["password_reset_url"], now=clock.now())

    def send_notification_mail(self, template_prefix: str, user: User, *args: Any, **kwargs: Any) -> None:
        deed = template_prefix.rsplit("/", 1)[-1]
        trail.record(user, deed.replace("_", " "), actor=user, now=clock.now())
        letters.changed(user, deed=deed, now=clock.now())


class DeskSecondFactor(DefaultMFAAdapter):
    """Keys of authenticator apps are sealed in the database."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("That code is not right. Take the one that the app shows now."),
        "rate_limited": TOO_MANY,
    }

    def get_totp_issuer(self) -> str:
        return str(Organisation.current() or "Servicedesk")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": self.get_totp_issuer()}

    def encrypt(self, text: str) -> str:
        return sealing.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.open_sealed(encrypted_text)


class DeskSingleSignOn(DefaultSocialAccountAdapter):
    """The company's sign-in: a known account by its stable id, else by its verified address, else a new employee."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return True

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: Any) -> bool:
        return True

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        if not sociallogin.is_existing:
            known = newcomers.known_by_address(sociallogin.email_addresses)
            if known:
                sociallogin.connect(request, known)
            sociallogin.email_addresses = newcomers.own(sociallogin.email_addresses)
        if sociallogin.is_existing:
            newcomers.follow_groups(sociallogin.user, newcomers.claims(sociallogin.account), now=clock.now())

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        person = newcomers.fill(sociallogin.user, newcomers.claims(sociallogin.account), sociallogin.email_addresses, now=clock.now())
        sociallogin.save(request)
        trail.record(person, "came by the company's sign-in", actor=None, now=clock.now())
        newcomers.follow_groups(person, newcomers.claims(sociallogin.account), now=clock.now())
        return person

    def on_authentication_error(self, request: HttpRequest, provider: Any, *args: Any, **kwargs: Any) -> None:
        messages.error(request, _("The company's sign-in did not let you in. Try again, or use your password here."))
        raise ImmediateHttpResponse(redirect("account_login"))
