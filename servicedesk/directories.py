"""The company's directory (LDAP), as the environment describes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from servicedesk.env import Env, Misconfigured

OURS = ("id", "username", "name", "email", "department", "phone")
ATTRIBUTES = "id=entryUUID,username=uid,name=cn,email=mail,department=departmentNumber,phone=telephoneNumber"
USERS = "(|(uid={login})(mail={login}))"
GROUPS = "(|(member={dn})(uniqueMember={dn})(memberUid={username}))"


def ldap(env: Env) -> dict[str, Any]:
    """LDAP_*: no servers where LDAP_URL is not set. Timeouts in seconds."""
    servers = env.directory("LDAP_URL", starttls=env.flag("LDAP_STARTTLS", default=True))
    told: dict[str, Any] = {
        "servers": servers,
        "ca_file": env.text("LDAP_CA_FILE"),
        "bind_dn": env.text("LDAP_BIND_DN"),
        "bind_password": env.text("LDAP_BIND_PASSWORD"),
        "user_base": env.text("LDAP_USER_BASE"),
        "user_filter": _filter("LDAP_USER_FILTER", env.text("LDAP_USER_FILTER", USERS), "{login}"),
        "attributes": env.pairs("LDAP_ATTRIBUTES", ATTRIBUTES, OURS),
        "group_base": env.text("LDAP_GROUP_BASE"),
        "group_filter": _filter("LDAP_GROUP_FILTER", env.text("LDAP_GROUP_FILTER", GROUPS), "{dn}", "{username}"),
        "timeout_s": env.whole("LDAP_TIMEOUT", 5, low=1, high=30),
    }
    if servers and not told["user_base"]:
        raise Misconfigured("LDAP_URL", "needs LDAP_USER_BASE beside it, such as ou=people,dc=example,dc=org.")
    if bool(told["bind_dn"]) != bool(told["bind_password"]):
        raise Misconfigured("LDAP_BIND_DN", "and LDAP_BIND_PASSWORD go together. Without both the directory is searched without a name.")
    if told["ca_file"] and not Path(told["ca_file"]).is_file():
        raise Misconfigured("LDAP_CA_FILE", f"there is no file {told['ca_file']}.")
    return told


def _filter(name: str, value: str, *places: str) -> str:
    """A filter in brackets, with a place for what is looked for."""
    if not (value.startswith("(") and value.endswith(")")) or value.count("(") != value.count(")"):
        raise Misconfigured(name, f"'{value}' is not a filter in brackets, such as {USERS}.")
    if not any(place in value for place in places):
        raise Misconfigured(name, f"has no {' or '.join(places)} in it: it would find everybody.")
    return value
