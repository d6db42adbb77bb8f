"""All settings. The environment says what is needed to start; what an admin changes while running is a row."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from servicedesk import carriers, logs, sentry
from servicedesk.env import Misconfigured
from servicedesk.environment import BASE_DIR, env
from servicedesk.settings_api import *  # noqa: F403
from servicedesk.settings_signin import *  # noqa: F403
from servicedesk.settings_signin import LDAP, OIDC

# Where things are kept
DATA_DIR = Path(env.text("DATA_DIR", str(BASE_DIR / "var"))).resolve()


def _secret_key() -> str:
    """The key given, or one made on the first start and kept in DATA_DIR."""
    given = env.secret("SECRET_KEY", shortest=32)
    if given:
        return given
    kept = DATA_DIR / "secret_key"
    try:
        if kept.is_file():
            return kept.read_text().strip()
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        made = secrets.token_urlsafe(48)
        descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(made)
    except FileExistsError:
        return kept.read_text().strip()
    except OSError as error:
        raise Misconfigured("DATA_DIR", f"cannot write {kept}: {error.strerror}. Choose a folder this user may write.") from error
    return made


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
FIELD_KEYS = env.words("FIELD_KEYS")  # the first seals what is secret in the database, all open it
if any(len(key) < 32 for key in FIELD_KEYS):
    raise Misconfigured("FIELD_KEYS", "each key needs at least 32 characters.")
DEBUG = env.flag("DEBUG")
PORT = env.whole("PORT", 8000, low=1, high=65535)
BIND = env.matching("BIND", "127.0.0.1", r"[0-9A-Fa-f.:]+", "an address to listen on, such as 127.0.0.1 or 0.0.0.0")
_site = env.url("SITE_URL", f"http://127.0.0.1:{PORT}", ("http", "https"), host=True)
assert _site is not None  # the default is a URL
SITE_URL = f"{_site.scheme}://{_site.netloc}"
SECURE = _site.scheme == "https"
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS") or sorted({_site.hostname or "127.0.0.1", "127.0.0.1", "localhost", "[::1]"})
CSRF_FAILURE_VIEW = "servicedesk.operations.errors.form_too_old"
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS") or [SITE_URL]
WEB_CONCURRENCY = env.whole("WEB_CONCURRENCY", 1, low=1, high=64)
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
PROBE_ALLOW = env.targets("PROBE_ALLOW")
PROBE_PLUGIN_DIR = env.text("PROBE_PLUGIN_DIR")
PROBES_AT_ONCE = 16  # threads a process runs probes in; 0: none, each is run where it is asked for
METRICS_TOKEN = env.secret("METRICS_TOKEN", shortest=16)

# The house
INSTALLED_APPS = [
    "servicedesk.operations.admin_config.DeskAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "anymail",
    "csp",
    "django_htmx",
    "rest_framework",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "servicedesk.operations",
    "monitoring",
    "incidents",
    "notifications",
    "servicedesk.directory",
    "servicedesk.oncall",
    "servicedesk.audit",
    "servicedesk.jobs",
    "servicedesk.search",
    "servicedesk.tokens",
    "servicedesk.api",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "servicedesk.proxies.ProxyHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "servicedesk.packing.PackedMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "servicedesk.directory.middleware.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "servicedesk.directory.middleware.PersonMiddleware",
    "servicedesk.directory.plain_text.PlainAddressMiddleware",
]
ROOT_URLCONF = "servicedesk.urls"
WSGI_APPLICATION = "servicedesk.wsgi.application"
# Asked before Django and its middleware, by the address or its first part; None leaves it to the view.
DOORS = {"/in/results/": "monitoring.door.answer", "/ping/": "monitoring.door.beat"}
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "incidents.views.frame.frame",
                "servicedesk.operations.bar.bar",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# People
AUTH_USER_MODEL = "directory.User"
AUTHENTICATION_BACKENDS = ["servicedesk.directory.signin.NameOrEmailBackend"]
if LDAP["servers"]:  # after the desk's own passwords, which work without it
    AUTHENTICATION_BACKENDS.append("servicedesk.operations.by_directory.DirectoryBackend")
LOGIN_URL = LOGOUT_REDIRECT_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_NAME = "__Host-desk" if SECURE else "desk"
CSRF_COOKIE_HTTPONLY = True

# The database: the memory of the system


def _sqlite_file(path: str) -> str:
    """The file of sqlite:////absolute/path, or of sqlite:///relative/path, which counts from the project's root."""
    if len(path) < 2:
        raise Misconfigured("DATABASE_URL", "names no file. Use sqlite:////path/to/desk.sqlite3.")
    return str(BASE_DIR / path.removeprefix("/"))


# no statement of a page lives long enough to be worth compiling: it took a second of the queue's counts with a million tickets
POSTGRESQL_OPTIONS = "-c statement_timeout=30000 -c lock_timeout=10000 -c jit=off"


def _database() -> dict[str, Any]:
    """DATABASE_URL (postgres://… or sqlite:///path), else SQLite under DATA_DIR."""
    parts = env.url("DATABASE_URL", f"sqlite:///{quote(str(DATA_DIR / 'desk.sqlite3'))}", ("sqlite", "postgres", "postgresql"))
    assert parts is not None  # the default is a URL
    if parts.scheme == "sqlite":
        sync = env.choice("SQLITE_SYNC", "FULL", ("FULL", "NORMAL"))
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": _sqlite_file(unquote(parts.path)),
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": f"PRAGMA journal_mode=WAL; PRAGMA synchronous={sync}; PRAGMA cache_size=-16000;",
            },
        }
    if not parts.path.strip("/"):
        raise Misconfigured("DATABASE_URL", "names no database. Use postgres://user:password@host/database.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 3, "options": POSTGRESQL_OPTIONS} | dict(parse_qsl(parts.query)),
    }


DATABASES = {"default": _database()}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# The broker: a doorbell, nothing more
UNIX_PATH_MOST = 100  # the kernel refuses socket paths of 108 bytes


def _broker_socket() -> Path:
    """Where the embedded broker listens: DATA_DIR, or a short folder of this user's where DATA_DIR's path is too long."""
    near = DATA_DIR / "broker.sock"
    if len(os.fsencode(near)) <= UNIX_PATH_MOST:
        return near
    mark = hashlib.sha256(os.fsencode(DATA_DIR)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"desk-{os.getuid()}-{mark}" / "broker.sock"


_broker = env.url("REDIS_URL", "", ("redis", "rediss", "redis+socket"))
BROKER_SOCKET = None if _broker else _broker_socket()
REDIS_URL = env.text("REDIS_URL") if _broker else f"redis+socket://{quote(str(BROKER_SOCKET))}"
CELERY_BROKER_URL = REDIS_URL
# a worker may wait for its broker; a request never does: without these, a dead or hung broker holds it for seconds or for ever
_patience: dict[str, Any] = {"socket_timeout": 0.3, "socket_connect_timeout": 0.3, "max_retries": 0}
if env.flag("CELERY_WORKER"):
    _patience = {"socket_timeout": 5, "socket_connect_timeout": 2}
CELERY_BROKER_TRANSPORT_OPTIONS = {
    **_patience,
    "visibility_timeout": 120,
    "unacked_restore_interval": 3,
    "unacked_restore_throttle": 1,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "bulk"
CELERY_TASK_ROUTES = {"notifications.tasks.deliver_page": {"queue": "page"}}
CELERY_TASK_SOFT_TIME_LIMIT = 20
CELERY_TASK_TIME_LIMIT = 30
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

# Doorbells the post office rings without knowing who listens (architecture: the desk learns by rows, not imports)
ERRAND_SETTLED = "incidents.tasks.advance_runs"

# Long work: the function that does each kind (servicedesk.jobs; the floor imports no app)
JOB_KINDS = {
    "export tickets": "incidents.exports.tickets",
    "import tickets": "incidents.imports.work.tickets",
    "backtest": "incidents.backtest.work.done",
    "apply a rule": "incidents.applying.done",
    "report": "incidents.reports.work.done",
    "move due times": "incidents.changed_hours.move",
}

# Evidence of the plan review that the desk itself may not gather: by question, the function (incidents.reviews)
REVIEW_EVIDENCE = {key: f"servicedesk.operations.evidence.{key}" for key in ("missed_by_monitoring", "muted", "security")}

# Mail out

_mail = carriers.mail(env)
EMAIL_CONFIGURED = bool(_mail["backend"])
EMAIL_BACKEND = _mail["backend"] or "django.core.mail.backends.dummy.EmailBackend"
EMAIL_HOST, EMAIL_PORT = _mail["host"], _mail["port"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.get("user", ""), _mail.get("password", "")
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.get("tls", False), _mail.get("ssl", False)
EMAIL_TIMEOUT = 10
EMAIL_SECOND = carriers.second_mail(env, has_first=EMAIL_CONFIGURED)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.email("DEFAULT_FROM_EMAIL", f"Servicedesk <desk@{_site.hostname}>")
SUPPORT_ADDRESS = env.email("SUPPORT_ADDRESS")
MAIL_IN, MAIL_LISTEN = env.mailbox("MAIL_IN_URL"), env.door("MAIL_LISTEN", ("smtp", "lmtp"))
# who looks at a mail before the desk does: f(letter, *, recipients, raw, now) -> what it made, or ""
MAIL_TAKERS = ["monitoring.mailed.take"]
MAIL_AUTHORITY = env.matching("MAIL_AUTHORITY", "", r"[A-Za-z0-9.-]+", "a host name")
MAIL_KEY = env.secret("MAIL_KEY", shortest=32)  # signs our Message-IDs; without it SECRET_KEY does
ANYMAIL: dict[str, Any] = env.family("ANYMAIL_")
ANYMAIL["REQUESTS_TIMEOUT"] = 10

# Phones
TWILIO_ACCOUNT_SID = env.matching("TWILIO_ACCOUNT_SID", "", "AC[0-9A-Za-z]+", "an account SID: it begins with AC")
TWILIO_AUTH_TOKEN = env.text("TWILIO_AUTH_TOKEN")
TWILIO_AUTH_TOKEN_PREVIOUS = env.text("TWILIO_AUTH_TOKEN_PREVIOUS")
TWILIO_FROM = env.matching("TWILIO_FROM", "", *carriers.SENDER)
_api = env.url("TWILIO_API_BASE", "", ("http", "https"), host=True)
TWILIO_API_BASE = _api.geturl().rstrip("/") if _api else ""
TWILIO_CONFIGURED = bool(TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN and TWILIO_FROM)
if not TWILIO_CONFIGURED and (TWILIO_ACCOUNT_SID or TWILIO_FROM):
    raise Misconfigured("TWILIO_ACCOUNT_SID", "needs TWILIO_AUTH_TOKEN and TWILIO_FROM beside it.")
TWILIO_SECOND = carriers.second_phone(env, has_first=TWILIO_CONFIGURED)
PHONENUMBER_DEFAULT_REGION = "FR"
PHONENUMBER_DB_FORMAT = "E164"

# Networks and ports that chat webhooks may lead to although they are private
WEBHOOK_ALLOW = env.targets("WEBHOOK_ALLOW")
# Services by Apprise: those that lead to one well-known place each
HOSTED = (
    "discord,gchat,ifttt,join,line,onesignal,opsgenie,pagerduty,pbul,pover,prowl,psafers,pushy,signl4,slack,spush,tgram,threema,wxteams"
)
APPRISE_SCHEMAS = env.words("APPRISE_SCHEMAS", HOSTED)
VAPID_PRIVATE_KEY = env.matching("VAPID_PRIVATE_KEY", "", r"[A-Za-z0-9_-]{43}", "a P-256 key: 32 bytes as base64url, 43 characters")
# The desk watches itself, and tells an address outside once a minute that all is well
SELF_WATCH = True
_beat = env.url("HEARTBEAT_URL", "", ("http", "https"), host=True)
HEARTBEAT_URL = _beat.geturl() if _beat else ""
# What one call to a provider may take, in seconds: to connect, between two bytes, in all
CHANNEL_CONNECT_S, CHANNEL_READ_S, CHANNEL_TOTAL_S = 3.0, 10.0, 13.0

# Words, zones
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "servicedesk" / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = env.zone("TIME_ZONE", "UTC")
FORMAT_MODULE_PATH = ["servicedesk.formats"]

# Static files
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(DATA_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "servicedesk" / "static"]
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder", "servicedesk.api.statics.AppFiles"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": DATA_DIR / "files"}},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Safety
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF, *([f"{OIDC.scheme}://{OIDC.netloc}"] if OIDC else [])],
        "manifest-src": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
X_FRAME_OPTIONS = "DENY"
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_HANDLERS = [
    "servicedesk.uploads.CappedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
INGEST_MAX_BYTES = 8 * 1024 * 1024

# Time: the real one, or in the acceptance world a file that moves it
CLOCK_FILE: Path | None = None

# Logs, and faults told elsewhere
sentry.configure(env.text("SENTRY_DSN"))
LOGGING = logs.configure(env.choice("LOG_FORMAT", "console" if DEBUG else "json", ("json", "console")))
