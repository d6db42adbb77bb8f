"""What is typed to sign in, to prove it is still you, and to change how you sign in."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account
from allauth.core import context
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from servicedesk.directory import again

NOT_TOGETHER = _("That user name and password do not fit together. Check both; capitals matter in the password.")


def password(label: Any, kind: str, missing: Any, hint: Any = "") -> forms.CharField:
    """A password box; `kind` is its autocomplete token: current-password or new-password."""
    box = forms.PasswordInput(attrs={"autocomplete": kind})
    return forms.CharField(label=label, strip=False, error_messages={"required": missing}, help_text=hint, widget=box)


def code() -> forms.CharField:
    attrs = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True, "spellcheck": "false"}
    return forms.CharField(
        label=_("Code"),
        max_length=20,
        help_text=_("Six digits from your authenticator app, or one of your recovery codes."),
        error_messages={"required": _("Enter the code")},
        widget=forms.TextInput(attrs=attrs),
    )


class SignInForm(account.LoginForm):
    """One box takes a user name or an e-mail address; a wrong answer does not tell which part was wrong."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        attrs = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}
        missing = {"required": _("Enter your user name or e-mail address")}
        self.fields = {
            "login": forms.CharField(
                label=_("User name or e-mail"), max_length=254, error_messages=missing, widget=forms.TextInput(attrs=attrs)
            ),
            "password": password(_("Password"), "current-password", _("Enter your password")),
        }

    def clean(self) -> dict[str, Any]:
        try:
            cleaned: dict[str, Any] = super().clean()
        except ValidationError:
            if again.was_away(self.request):
                raise ValidationError(again.AWAY) from None
            raise
        return cleaned

    def user_credentials(self) -> dict[str, str]:
        return {"username": self.cleaned_data["login"], "password": self.cleaned_data["password"]}


class AgainForm(account.ReauthenticateForm):
    password = password(_("Your password"), "current-password", _("Enter your password"))

    def clean_password(self) -> str:
        try:
            given: str = super().clean_password()
        except ValidationError:
            if again.was_away(context.request):
                raise ValidationError(again.AWAY) from None
            raise
        return given


class CodeForm(mfa.AuthenticateForm):
    code = code()


class CodeAgainForm(mfa.ReauthenticateForm):
    code = code()


class FirstCodeForm(ActivateTOTPForm):
    code = code()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = _("The six digits that the app shows now.")


class ForgottenForm(account.ResetPasswordForm):
    email = forms.EmailField(
        label=_("Your e-mail"),
        error_messages={"required": _("Enter your e-mail address")},
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )


class OnceTyped(forms.Form):
    """A new password is typed once: it can be shown, and a second box only invites pasting."""

    user: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]
        hint = _("At least 10 characters. Three or four words are good.")
        self.fields["password1"] = password(_("New password"), "new-password", _("Choose a password"), hint)

    def clean_password1(self) -> str:
        from_adapter = account.get_adapter().clean_password(self.cleaned_data["password1"], user=self.user)
        return str(from_adapter)


class NewPasswordForm(OnceTyped, account.ResetPasswordKeyForm):
    pass


class ChangePasswordForm(OnceTyped, account.ChangePasswordForm):
    oldpassword = password(_("Current password"), "current-password", _("Enter your current password"))
