"""Settings from the environment: read once, checked at once, refused with a sentence.

Every name may also be given as NAME_FILE (a path whose content is the value), and a `.env` file in the project's
root is read first (ENV_FILE names another one). A value that cannot be understood, and a name that looks like one
of ours but is not, stops the start with `Misconfigured`.
"""

from __future__ import annotations

import difflib
import re
import zoneinfo
from collections.abc import Iterable, Mapping, MutableMapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}

# Names a person who runs the desk may set; each stands in .env.example with a sentence (tests/house holds the two together).
KNOWN = frozenset(
    [
        "SECRET_KEY",
        "SECRET_KEY_FALLBACKS",
        "DEBUG",
        "ALLOWED_HOSTS",
        "CSRF_TRUSTED_ORIGINS",
        "SITE_URL",
        "DATA_DIR",
        "STATIC_ROOT",
        "DATABASE_URL",
        "SQLITE_SYNC",
        "REDIS_URL",
        "EMAIL_URL",
        "HEARTBEAT_URL",
        "EMAIL_URL_SECOND",
        "ANYMAIL_PROVIDER",
        "ANYMAIL_WEBHOOK_SECRET",
        "DEFAULT_FROM_EMAIL",
        "SUPPORT_ADDRESS",
        "MAIL_KEY",
        "MAIL_AUTHORITY",
        "MAIL_IN_URL",
        "MAIL_LISTEN",
        "TWILIO_ACCOUNT_SID",
        "TWILIO_AUTH_TOKEN",
        "TWILIO_AUTH_TOKEN_PREVIOUS",
        "TWILIO_FROM",
        "TWILIO_API_BASE",
        "TWILIO_SECOND_ACCOUNT_SID",
        "TWILIO_SECOND_AUTH_TOKEN",
        "TWILIO_SECOND_FROM",
        "TWILIO_SECOND_API_BASE",
        "WEBHOOK_ALLOW",
        "VAPID_PRIVATE_KEY",
        "APPRISE_SCHEMAS",
        "FIELD_KEYS",
        "OIDC_ISSUER",
        "OIDC_CLIENT_ID",
        "OIDC_CLIENT_SECRET",
        "OIDC_NAME",
        "OIDC_GROUPS",
        "OIDC_GROUPS_CLAIM",
        "LDAP_URL",
        "LDAP_STARTTLS",
        "LDAP_CA_FILE",
        "LDAP_BIND_DN",
        "LDAP_BIND_PASSWORD",
        "LDAP_USER_BASE",
        "LDAP_USER_FILTER",
        "LDAP_ATTRIBUTES",
        "LDAP_GROUP_BASE",
        "LDAP_GROUP_FILTER",
        "LDAP_GROUPS",
        "LDAP_TIMEOUT",
        "METRICS_TOKEN",
        "TRUSTED_PROXIES",
        "LOG_FORMAT",
        "SENTRY_DSN",
        "TIME_ZONE",
        "BIND",
        "PORT",
        "WEB_CONCURRENCY",
        "PROBE_ALLOW",
        "PROBE_PLUGIN_DIR",
        "ENV_FILE",
    ]
)
# Names kept for what is to come: accepted, without effect yet, and said so by a system check.
RESERVED: frozenset[str] = frozenset()
RESERVED_FAMILIES = ("OTEL_", "SAML_")
# Set by our own processes for their children, or by whoever runs the tests.
INTERNAL = frozenset({"CELERY_SKIP_CHECKS", "CELERY_WORKER", "HEARTBEAT_FILE", "TEST_DATABASE_URL", "TEST_REDIS_URL"})
FAMILIES = ("ANYMAIL_",)
OURS_ALONE = ("TWILIO_", "LDAP_")
# What a `.env` may hold for others: compose interpolation, the Python and C libraries, proxies.
NEIGHBOURS = ("COMPOSE_", "POSTGRES_", "PG", "DJANGO_", "PYTHON", "LC_", "SSL_CERT_", "GRANIAN_", "TEST_")
NEIGHBOUR_NAMES = frozenset({"TZ", "LANG", "PATH", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"})
CLOSE_ENOUGH = 0.86
SHORTEST_GUESS = 8
GUESSABLE = sorted(name for name in KNOWN | RESERVED if len(name) >= SHORTEST_GUESS)

ROLES = ("agent", "manager", "admin", "auditor")  # what a group of the company's sign-in may give

EMAIL = re.compile(r"(?:[^<>@]*<)?[^<>@\s]+@[^<>@\s]+>?")


class Misconfigured(SystemExit):
    """A setting is missing or malformed; the message says which and what to do."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")


def known(name: str) -> bool:
    """True when `name`, or NAME in NAME_FILE, is ours to read."""
    bare = name.removesuffix("_FILE")
    return name in INTERNAL or bare in KNOWN or bare.startswith(FAMILIES) or reserved(name)


def reserved(name: str) -> bool:
    """True when `name` is accepted but nothing reads it yet."""
    bare = name.removesuffix("_FILE")
    return bare in RESERVED or bare.startswith(RESERVED_FAMILIES)


def meant(name: str) -> str | None:
    """The known name that `name` was probably typed for, if any."""
    if len(name) < SHORTEST_GUESS - 1 or known(name):
        return None
    near = difflib.get_close_matches(name.removesuffix("_FILE"), GUESSABLE, 1, CLOSE_ENOUGH)
    return near[0] if near else None


def refuse_unknown(names: Iterable[str]) -> None:
    """Stop on a name that looks like one of ours and is not: a typing error would silently leave a default in force."""
    for name in sorted(names):
        guess = meant(name)
        if guess:
            raise Misconfigured(name, f"is not a setting. Did you mean {guess}?")
        if name.startswith(OURS_ALONE) and not known(name):
            raise Misconfigured(name, "is not a setting. .env.example lists those there are.")


def read_dotenv(path: Path, environ: MutableMapping[str, str]) -> None:
    """Put KEY=value lines of `path` into `environ` where the key is not set yet; a key nobody reads is refused."""
    if not path.is_file():
        return
    for number, raw in enumerate(path.read_text().splitlines(), 1):
        line = raw.strip().removeprefix("export ")
        if not line or line.startswith("#"):
            continue
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not key.isidentifier():
            raise Misconfigured(str(path), f"line {number} is not KEY=value.")
        if not known(key) and not key.startswith(NEIGHBOURS) and key not in NEIGHBOUR_NAMES:
            guess = meant(key)
            raise Misconfigured(str(path), f"line {number}: {key} is not a setting." + (f" Did you mean {guess}?" if guess else ""))
        environ.setdefault(key, _unquoted(value))


def _unquoted(value: str) -> str:
    """The value without its quotes; outside quotes, ` #` begins a comment."""
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return re.split(r"\s#", value, maxsplit=1)[0].strip()


class Env:
    """Typed look-ups in one mapping. An empty value counts as not given."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ

    def text(self, name: str, default: str = "") -> str:
        path, value = self.environ.get(f"{name}_FILE", ""), self.environ.get(name, "").strip()
        if path and value:
            raise Misconfigured(name, f"is given, and {name}_FILE too. Give one of them.")
        if not path:
            return value or default
        try:
            return Path(path).read_text().strip() or default
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(f"{name}_FILE", f"cannot read {path}: {getattr(error, 'strerror', 'not text')}.") from error

    def secret(self, name: str, *, shortest: int) -> str:
        value = self.text(name)
        if value and len(value) < shortest:
            raise Misconfigured(name, f"is shorter than {shortest} characters.")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.text(name, "1" if default else "0").lower()
        if value not in TRUE | FALSE:
            raise Misconfigured(name, f"'{value}' is not yes or no. Use 1 or 0.")
        return value in TRUE

    def whole(self, name: str, default: int, *, low: int, high: int) -> int:
        value = self.text(name, str(default))
        try:
            number = int(value)
        except ValueError:
            raise Misconfigured(name, f"'{value}' is not a whole number.") from None
        if not low <= number <= high:
            raise Misconfigured(name, f"{number} is not between {low} and {high}.")
        return number

    def words(self, name: str, default: str = "") -> list[str]:
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value not in allowed:
            raise Misconfigured(name, f"'{value}' is not one of {', '.join(allowed)}.")
        return value

    def family(self, prefix: str) -> dict[str, str]:
        """Every setting of one prefix, by the rest of its name."""
        names = {name.removesuffix("_FILE") for name in self.environ if name.startswith(prefix)}
        return {name.removeprefix(prefix): self.text(name) for name in sorted(names)}

    def matching(self, name: str, default: str, pattern: str, shape: str) -> str:
        """A text that matches `pattern` as a whole; `shape` says in words what is asked for."""
        value = self.text(name, default)
        if value and not re.fullmatch(pattern, value):
            raise Misconfigured(name, f"'{value}' is not {shape}.")
        return value

    def email(self, name: str, default: str = "") -> str:
        value = self.text(name, default)
        if value and not EMAIL.fullmatch(value):
            raise Misconfigured(name, f"'{value}' is not an e-mail address.")
        return value

    def zone(self, name: str, default: str) -> str:
        value = self.text(name, default)
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise Misconfigured(name, f"'{value}' is not a time zone. Use a name such as Europe/Paris.") from None
        return value

    def hosts(self, name: str) -> list[str]:
        """Host names without scheme, port or path, as Django's ALLOWED_HOSTS wants them."""
        for word in self.words(name):
            if re.search(r"[/\s@]|(?<!:):\d+$", word.rpartition("]")[2]):
                raise Misconfigured(name, f"'{word}' is not a bare host name. Leave out scheme, port and path.")
        return self.words(name)

    def origins(self, name: str) -> list[str]:
        for word in self.words(name):
            parts = urlsplit(word)
            if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path:
                raise Misconfigured(name, f"'{word}' is not an origin. Use https://host without a path.")
        return self.words(name)

    def networks(self, name: str) -> list[IPv4Network | IPv6Network]:
        """Addresses or CIDR ranges, separated by commas."""
        return [_network(name, word) for word in self.words(name)]

    def targets(self, name: str) -> list[tuple[IPv4Network | IPv6Network, int]]:
        """CIDR:port pairs, separated by commas: 10.0.0.0/8:443, [fd00::]/8:22 (port 0 for any)."""
        found = []
        for word in self.words(name):
            range_, _, port = word.rpartition(":")
            if not range_ or not port.isdigit() or int(port) > 65535:
                raise Misconfigured(name, f"'{word}' is not CIDR:port, such as 10.0.0.0/8:443.")
            found.append((_network(name, range_.replace("[", "").replace("]", "")), int(port)))
        return found

    def grants(self, name: str) -> dict[str, tuple[str, str]]:
        """GROUP=ROLE or GROUP=ROLE:TEAM by commas: a group's role, and the team's slug or an empty text."""
        found = {}
        for word in self.words(name):
            group, _equals, grant = word.rpartition("=")
            role, _colon, team = grant.partition(":")
            if not group or role not in ROLES:
                raise Misconfigured(name, f"{word} is not GROUP=ROLE or GROUP=ROLE:TEAM, with a role of {', '.join(ROLES)}.")
            found[group] = (role, team)
        return found

    def url(self, name: str, default: str, schemes: tuple[str, ...], *, host: bool = False) -> SplitResult | None:
        """A URL with one of `schemes`, or None when not given; `host` insists on a host name in it."""
        value = self.text(name, default)
        if not value:
            return None
        try:
            parts = urlsplit(value)
            parts.port  # noqa: B018  (reading it is the check)
        except ValueError as error:
            raise Misconfigured(name, f"is not a URL: {error}.") from error
        if parts.scheme not in schemes:
            raise Misconfigured(name, f"must begin with {' or '.join(s + '://' for s in schemes)}.")
        if host and not parts.hostname:
            raise Misconfigured(name, f"names no host. Use {schemes[0]}://host.")
        return parts

    def pairs(self, name: str, default: str, allowed: tuple[str, ...]) -> dict[str, str]:
        """OURS=THEIRS by commas, on top of those of `default`; OURS is one of `allowed`."""
        found = {}
        for word in [*default.split(","), *self.words(name)]:
            ours, _equals, theirs = (part.strip() for part in word.partition("="))
            if ours not in allowed or not re.fullmatch(r"[A-Za-z][A-Za-z0-9;.-]*", theirs):
                raise Misconfigured(name, f"{word} is not NAME=ATTRIBUTE, with a name of {', '.join(allowed)}.")
            found[ours] = theirs
        return found

    def directory(self, name: str, *, starttls: bool) -> list[dict[str, Any]]:
        """ldaps://host or ldap://host[:port] by commas, in their pieces, in the order in which they are tried."""
        found = []
        for word in self.words(name):
            parts = Env({name: word}).url(name, "", ("ldaps", "ldap"), host=True)
            assert parts is not None  # a word is not empty
            if parts.path.strip("/") or parts.query or parts.username:
                raise Misconfigured(name, f"'{word}' says more than scheme, host and port. The rest has settings of its own.")
            tls = parts.scheme == "ldaps"
            port = parts.port or (636 if tls else 389)
            found.append({"host": parts.hostname, "port": port, "tls": tls, "starttls": starttls and not tls})
        return found

    def mailbox(self, name: str) -> dict[str, Any]:
        """imaps://user:password@host:port/FOLDER (or imap+tls, imap) in its pieces; nothing where it is not set."""
        parts = self.url(name, "", ("imaps", "imap+tls", "imap"), host=True)
        if not parts:
            return {}
        if not parts.username or not parts.password:
            raise Misconfigured(name, "names no user or no password. Use imaps://user:password@host/INBOX.")
        folder, user, port = (
            unquote(parts.path.strip("/")) or "INBOX",
            unquote(parts.username),
            parts.port or (143, 993)[parts.scheme == "imaps"],
        )
        said = {"host": parts.hostname, "port": port, "user": user, "password": unquote(parts.password), "folder": folder}
        tls = {"imaps": "ssl", "imap+tls": "starttls", "imap": ""}[parts.scheme]
        return {**said, "tls": tls, "name": f"{user}@{parts.hostname}:{port}/{folder}"[:200]}

    def door(self, name: str, kinds: tuple[str, ...]) -> dict[str, Any]:
        """kind://host:port to listen at, in its pieces; nothing where it is not set."""
        parts = self.url(name, "", kinds, host=True)
        if parts and parts.port is None:
            raise Misconfigured(name, f"names no port. Use {kinds[0]}://127.0.0.1:2525.")
        return {"kind": parts.scheme, "host": parts.hostname, "port": parts.port} if parts else {}


def _network(name: str, word: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(word, strict=False)
    except ValueError:
        raise Misconfigured(name, f"'{word}' is not an address or a range such as 10.0.0.0/8.") from None
