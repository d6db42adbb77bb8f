"""The services most companies run, to pick from: what each is called, how much hangs on it, and how people write of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from servicedesk.audit import trail
from servicedesk.directory import tongues
from servicedesk.directory.models import Service, Team, User


@dataclass(frozen=True, slots=True)
class Template:
    """`words` are parted by commas; `tier` 1: the company stops, 2: work suffers, 3: it can wait."""

    slug: str
    name: str | Promise
    tier: int
    words: str | Promise


TEMPLATES: tuple[Template, ...] = (
    Template("email", _("Email"), 1, _("email, e-mail, mail, outlook, mailbox, inbox")),
    Template("internet", _("Internet and Wi-Fi"), 1, _("internet, wifi, wi-fi, wlan, network, offline")),
    Template("sign-in", _("Sign-in and passwords"), 1, _("password, sign in, log in, login, locked out, account")),
    Template("vpn", _("VPN"), 2, _("vpn, remote access, tunnel, home office")),
    Template("file-server", _("Shared files"), 2, _("shared folder, network drive, file server, folder, share")),
    Template("telephony", _("Telephones"), 2, _("telephone, phone line, call, extension, headset")),
    Template("meetings", _("Chat and meetings"), 2, _("teams, zoom, chat, video call, meeting, camera")),
    Template("erp", _("Orders and accounts"), 1, _("erp, orders, invoice, accounting, booking, sap")),
    Template("website", _("Website"), 1, _("website, web site, home page, web shop, shop")),
    Template("hr", _("Payroll and time"), 3, _("payroll, payslip, time sheet, holiday request, hr")),
    Template("printing", _("Printing"), 3, _("printer, printing, print, toner, scanner")),
    Template("workplace", _("Computers and laptops"), 3, _("laptop, computer, monitor, screen, keyboard, mouse, dock")),
)


def missing() -> list[Template]:
    """The templates nobody took yet."""
    taken = set(Service.objects.values_list("slug", flat=True))
    return [one for one in TEMPLATES if one.slug not in taken]


@tongues.deed
def take(slugs: Collection[str], *, owner: User, now: datetime) -> list[Service]:
    """Make services of these templates, in the language of the house; what is there already stays as it is."""
    team = Team.objects.filter(slug="service-desk").first()
    made = []
    for one in missing():
        if one.slug in slugs:
            words = [word.strip() for word in str(one.words).split(",")]
            row = Service.objects.create(slug=one.slug, name=str(one.name), tier=one.tier, words=words, owner=owner, team=team)
            trail.record(row, "take from a template", actor=owner, now=now, after={"name": row.name, "tier": row.tier})
            made.append(row)
    return made
