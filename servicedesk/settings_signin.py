"""Settings of signing in: django-allauth's flows behind our own pages, and the company's sign-in.

People are made by administrators or by the company's sign-in, never by themselves.
"""

from __future__ import annotations

from typing import Any

from servicedesk import directories
from servicedesk.env import Misconfigured
from servicedesk.environment import env

ACCOUNT_ADAPTER = "servicedesk.operations.adapters.DeskAccounts"
ACCOUNT_USER_DISPLAY = str
ACCOUNT_LOGIN_METHODS = {"username"}  # one box takes either: the backend looks for both
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # the answer to a stranger's address is no letter
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_RATE_LIMITS: dict[str, str] | bool = {"login": "60/m/ip", "login_failed": "30/m/ip,5/5m/key"}
ACCOUNT_FORMS = {
    "login": "servicedesk.directory.forms_signin.SignInForm",
    "reauthenticate": "servicedesk.directory.forms_signin.AgainForm",
    "reset_password": "servicedesk.directory.forms_signin.ForgottenForm",
    "reset_password_from_key": "servicedesk.directory.forms_signin.NewPasswordForm",
    "change_password": "servicedesk.directory.forms_signin.ChangePasswordForm",
}
ALLAUTH_TRUSTED_PROXY_COUNT = len(env.networks("TRUSTED_PROXIES")[:1])
MFA_ADAPTER = "servicedesk.operations.adapters.DeskSecondFactor"
MFA_FORMS = {
    "authenticate": "servicedesk.directory.forms_signin.CodeForm",
    "reauthenticate": "servicedesk.directory.forms_signin.CodeAgainForm",
    "activate_totp": "servicedesk.directory.forms_signin.FirstCodeForm",
    "add_webauthn": "servicedesk.directory.forms_passkeys.AddPasskeyForm",
    "edit_webauthn": "servicedesk.directory.forms_passkeys.RenamePasskeyForm",
    "login_webauthn": "servicedesk.directory.forms_passkeys.SignInByPasskeyForm",
    "authenticate_webauthn": "servicedesk.directory.forms_passkeys.PasskeyAsSecondForm",
    "reauthenticate_webauthn": "servicedesk.directory.forms_passkeys.PasskeyAgainForm",
}
MFA_TOTP_TOLERANCE = 1
MFA_SUPPORTED_TYPES = ["recovery_codes", "totp", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"  # PIN, finger or face: one use of a passkey is two factors
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}  # each sign-in asks twice, and an office has one address
SOCIALACCOUNT_ADAPTER = "servicedesk.operations.adapters.DeskSingleSignOn"
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
OIDC = env.url("OIDC_ISSUER", "", ("http", "https"), host=True)
OIDC_NAME = env.text("OIDC_NAME", "your company account")
OIDC_GROUPS = env.grants("OIDC_GROUPS")
OIDC_GROUPS_CLAIM = env.text("OIDC_GROUPS_CLAIM", "groups")
OIDC_CONFIGURED = OIDC is not None
_oidc: dict[str, Any] = {
    "provider_id": "sso",
    "name": OIDC_NAME,
    "client_id": env.text("OIDC_CLIENT_ID"),
    "secret": env.text("OIDC_CLIENT_SECRET"),
    "settings": {"server_url": OIDC.geturl() if OIDC else ""},
}
if OIDC_CONFIGURED and not (_oidc["client_id"] and _oidc["secret"]):
    raise Misconfigured("OIDC_ISSUER", "needs OIDC_CLIENT_ID and OIDC_CLIENT_SECRET beside it.")
OIDC_APPS = [_oidc] if OIDC_CONFIGURED else []
LDAP = directories.ldap(env)
LDAP_GROUPS = env.grants("LDAP_GROUPS")
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": OIDC_APPS}}
