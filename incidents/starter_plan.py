"""The plan a new desk starts with: useful as it stands, and edited from there."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TEXTS: Mapping[str, str] = MappingProxyType(
    {
        "scope": (
            "This plan covers every interruption of a service that IT runs, and every report that something was lost, stolen or "
            "seen by somebody who should not see it. It begins when a rule or a person opens an incident, and ends when its report "
            "is read and its actions are done. Requests and single faults (SEV3, SEV4) stay tickets.\n\n"
            "It holds at all hours. If this desk itself is down, use the printed copy, the phone list, and the on-call calendar "
            "that each person has subscribed to."
        ),
        "severities": (
            "The severity follows from who is stopped and how, never from who asks. When in doubt, take the graver one: lowering "
            "it later costs nothing. Whoever is on call or manages may change it, and says why.\n\n"
            "- SEV1 and SEV2 page people, and are followed by a report.\n"
            "- SEV3 and SEV4 wait for desk hours."
        ),
        "protocols": (
            "1. **Acknowledge** the page: you have it, and nobody else is called.\n"
            "2. **Assess** before you repair: what is hit, since when, what changed last.\n"
            "3. **Name a commander** for a SEV1. The commander decides and does not repair.\n"
            "4. **Stop the damage** first: roll back, fail over, switch off. Find the cause afterwards.\n"
            "5. **Keep the evidence** where something was lost, stolen or seen: no reinstalling, no restart before a copy is made. "
            "The incident is confidential, and its named list decides who reads it.\n"
            "6. **Hand over** in words and on the timeline; the incident is yours until somebody else acknowledges.\n"
            "7. **Resolve** when those who reported it can work, not when the check is green."
        ),
        "communication": (
            "- Employees read the state on the home page; it says what is hit, what to do meanwhile, and when the next update comes.\n"
            "- SEV1: an update every 30 minutes, also when there is nothing new. SEV2: every 2 hours.\n"
            "- IT managers hear of every SEV1 and SEV2 at once. One person speaks to the company; nobody else does.\n"
            "- Authorities, customers and the press are the business of the legal contact alone. Where personal data is concerned, "
            "a report may be due 72 hours after we know."
        ),
        "training": (
            "- Who is new on call takes a test page on every phone, follows one shift beside somebody, and confirms this plan.\n"
            "- Every quarter: a test page to everybody on call, and a drill in working hours, marked TEST in every message.\n"
            "- Twice a year: a table-top exercise; once a year one outside working hours, and one with a supplier."
        ),
        "resources": (
            "- On call: the schedules in this desk. Everybody on them can be reached two ways that were tried.\n"
            "- A last resort for every policy: two ways at least, one of them outside the steps.\n"
            "- Off the network: this plan on paper, suppliers' numbers and contract numbers, the break-glass account in its envelope.\n"
            "- A backup, kept elsewhere and restored once a quarter: a backup is what came back."
        ),
        "assessment": (
            "Say what is hit, since when, and how many cannot work\nCheck the severity against its guideline\n"
            "Look at what changed in the last 24 hours\nAsk whether something was lost, stolen or seen\nRead the runbook of the service"
        ),
        "planning": (
            "Name a commander, and somebody who writes the updates\nChoose the quickest way to stop the damage\n"
            "Say what would make it worse, and how to go back\nSet the time of the next update"
        ),
        "implementation": (
            "Write each step on the timeline before taking it\nKeep the evidence before anything is changed for good\n"
            "Tell employees what to do meanwhile\nAsk two of those who reported it whether they can work again"
        ),
        "logistics": (
            "Call in the supplier, with the contract number\nRelieve whoever has worked for 8 hours\n"
            "Arrange access, equipment and a room or a call\nPlan who is called next, and the rest of those who were woken"
        ),
    }
)

ROLES: tuple[tuple[str, str], ...] = (
    ("Incident commander", "Decides, keeps the overview, does not repair. Names a successor before leaving."),
    ("Communication", "Writes every update, on time; the only voice to the company."),
    ("Security contact", "Joins when something was lost, stolen or seen. Decides what is kept as evidence."),
    ("Legal contact", "Decides whether authorities or customers must be told, and writes down when."),
)
RUNBOOK = (
    "1. Look at its checks and at what changed last.\n2. Try what the last incident of this service was ended by.\n"
    "3. Stop the damage: roll back the last change, or fail over.\n4. After 30 minutes without progress, call in the team that owns it."
)
