"""Signing in and one's own security. The names are those that django-allauth looks up."""

from __future__ import annotations

from allauth.mfa.recovery_codes.views import download_recovery_codes
from django.urls import path, re_path

from servicedesk.directory.views import passkeys, security, signin

PROVIDER = {"provider_id": "sso"}  # there is one: OIDC_* in the environment

urlpatterns = [
    path("login/", signin.SignIn.as_view(), name="account_login"),
    path("login/check/", signin.SecondFactor.as_view(), name="mfa_authenticate"),
    path("login/passkey/", passkeys.SignInByPasskey.as_view(), name="mfa_login_webauthn"),
    path("login/sso/", signin.company, PROVIDER, name="openid_connect_login"),
    path("login/sso/callback/", signin.company_back, PROVIDER, name="openid_connect_callback"),
    path("login/reset/", signin.Forgotten.as_view(), name="account_reset_password"),
    path("login/reset/sent/", signin.ForgottenSent.as_view(), name="account_reset_password_done"),
    re_path(r"^login/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$", signin.NewPassword.as_view(), name="account_reset_password_from_key"),
    path("login/reset/done/", signin.NewPasswordSet.as_view(), name="account_reset_password_from_key_done"),
    path("logout/", signin.SignOut.as_view(), name="account_logout"),
    path("me/", security.me, name="me"),
    path("me/security/", security.Security.as_view(), name="security"),
    path("me/security/password/", security.ChangePassword.as_view(), name="account_change_password"),
    path("me/security/app/", security.AddApp.as_view(), name="mfa_activate_totp"),
    path("me/security/app/remove/", security.RemoveApp.as_view(), name="mfa_deactivate_totp"),
    path("me/security/recovery/", security.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path("me/security/recovery/new/", security.NewRecoveryCodes.as_view(), name="mfa_generate_recovery_codes"),
    path("me/security/recovery/file/", download_recovery_codes, name="mfa_download_recovery_codes"),
    path("me/security/passkeys/new/", passkeys.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("me/security/passkeys/<int:pk>/", passkeys.RenamePasskey.as_view(), name="mfa_edit_webauthn"),
    path("me/security/passkeys/<int:pk>/remove/", passkeys.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
    path("me/security/again/", security.Again.as_view(), name="account_reauthenticate"),
    path("me/security/again/code/", security.CodeAgain.as_view(), name="mfa_reauthenticate"),
    path("me/security/again/passkey/", passkeys.PasskeyAgain.as_view(), name="mfa_reauthenticate_webauthn"),
]
