"""What people of a company report, and how it ends: plain data for histories that read like a desk's own."""

from __future__ import annotations

from typing import NamedTuple


class Story(NamedTuple):
    """`{place}`, `{group}` and `{number}` are filled in for each ticket. `weight`: how often it happens."""

    service: str
    what: str
    impacted: str
    effect: str
    severity: int
    answer: str
    weight: int = 2


PLACES = ("floor 1", "floor 2", "floor 3", "reception", "the canteen wing", "building B", "the warehouse office", "meeting room Seine")
GROUPS = ("Finance", "Legal", "Sales", "Marketing", "Purchasing", "Logistics", "Production", "Human resources")

STORIES: tuple[Story, ...] = (
    # Email
    Story(
        "email", "Outlook asks for my password again and again.", "me", "part", 4, "Your session had expired. Sign out, sign in once.", 6
    ),
    Story(
        "email",
        "Outlook is stuck on loading profile since this morning.",
        "me",
        "cannot",
        3,
        "We rebuilt your profile; please start Outlook again.",
        4,
    ),
    Story(
        "email",
        "My mailbox is full, and I cannot send anything.",
        "me",
        "part",
        4,
        "We raised the limit to 50 GB. Large letters can go to the archive.",
        3,
    ),
    Story(
        "email",
        "A letter to a customer comes back with 550 5.7.1.",
        "me",
        "workaround",
        4,
        "Their server refused our sender. It is corrected; please send it again.",
    ),
    Story(
        "email",
        "Please give me access to the shared mailbox of {group}.",
        "me",
        "question",
        4,
        "You have access now. It appears within the hour.",
        4,
    ),
    Story(
        "email",
        "The shared calendar of {group} shows no events.",
        "several",
        "workaround",
        3,
        "Its permissions were lost in a move; they are back.",
    ),
    Story(
        "email",
        "Letters with attachments wait for minutes before they go out.",
        "several",
        "workaround",
        3,
        "The scanner of attachments was slow; it has a second worker now.",
        1,
    ),
    Story(
        "email",
        "Outlook on my phone stopped to sync yesterday evening.",
        "me",
        "workaround",
        4,
        "Remove the account from the phone and add it again.",
        3,
    ),
    Story(
        "email",
        "I get letters that are not for me, with invoices to open.",
        "me",
        "workaround",
        4,
        "Well seen: it is a fraud. We blocked the sender.",
        2,
    ),
    Story(
        "email",
        "An out-of-office answer of last summer is still sent for me.",
        "me",
        "workaround",
        4,
        "It was a server rule; we removed it.",
        1,
    ),
    # VPN
    Story(
        "vpn",
        "The VPN does not connect from home: error 809.",
        "me",
        "part",
        4,
        "Your router blocks it. Use the second profile, VPN by TLS.",
        5,
    ),
    Story(
        "vpn",
        "The VPN drops every few minutes since I moved to the new laptop.",
        "me",
        "part",
        4,
        "The wireless driver was old. We updated it from here.",
        4,
    ),
    Story(
        "vpn",
        "Since the password change the VPN says authentication failed.",
        "me",
        "cannot",
        3,
        "The client had kept the old password. It is cleared.",
        4,
    ),
    Story(
        "vpn",
        "Remote access for a consultant in {group}, from Monday for two weeks.",
        "me",
        "question",
        4,
        "Done; the account ends by itself after two weeks.",
        2,
    ),
    Story(
        "vpn",
        "The VPN is very slow in the evening, files take minutes.",
        "several",
        "workaround",
        3,
        "The second gateway was out of the pool; it takes its share again.",
        2,
    ),
    Story(
        "vpn",
        "My VPN certificate expires in {number} days, what do I do?",
        "me",
        "question",
        4,
        "Nothing: it renews itself the next time you are in the office.",
        3,
    ),
    # Printing
    Story(
        "printing",
        "The printer on {place} shows a paper jam, and there is none.",
        "several",
        "workaround",
        3,
        "A sensor was dirty. It is cleaned.",
        6,
    ),
    Story(
        "printing",
        "Printing from the accounting program gives empty pages.",
        "me",
        "part",
        4,
        "The driver was replaced; please print a test page.",
        3,
    ),
    Story(
        "printing",
        "The toner of the printer on {place} is nearly empty.",
        "several",
        "workaround",
        4,
        "A new cartridge is in; a spare one is in the cupboard.",
        6,
    ),
    Story(
        "printing",
        "The scanner on {place} no longer sends to e-mail.",
        "several",
        "workaround",
        3,
        "Its certificate had expired; it is renewed.",
        4,
    ),
    Story("printing", "My badge is not recognised at the printer on {place}.", "me", "workaround", 4, "We taught it your new badge.", 3),
    Story(
        "printing",
        "Please install the label printer on the new computer in {place}.",
        "me",
        "question",
        4,
        "Installed and tested with your labels.",
        2,
    ),
    Story("printing", "The plotter cuts drawings at the right edge.", "me", "part", 4, "The paper size was set wrong after the update.", 1),
    # File server
    Story(
        "file-server",
        "I cannot open the folder {group} on the network drive.",
        "me",
        "part",
        4,
        "You are in the right group now; sign out and in again.",
        6,
    ),
    Story(
        "file-server",
        "Please restore the file budget-{number}.xlsx, I saved over it.",
        "me",
        "part",
        4,
        "Restored from last night, beside the present one.",
        4,
    ),
    Story(
        "file-server",
        "The network drive is missing after sign-in.",
        "me",
        "cannot",
        3,
        "The drive was not mapped on the wireless network. It is now.",
        4,
    ),
    Story(
        "file-server",
        "Saving to the shared folder of {group} takes a minute.",
        "department",
        "workaround",
        3,
        "A virus scan ran in office hours; it runs at night again.",
        2,
    ),
    Story(
        "file-server",
        "There is no space left on the shared folder of {group}.",
        "department",
        "part",
        2,
        "We added 200 GB and found 90 GB of old copies.",
        1,
    ),
    Story(
        "file-server",
        "A new folder for the project {group} {number}, please, for four of us.",
        "me",
        "question",
        4,
        "The folder is there, with the four of you.",
        4,
    ),
    # no service named
    Story(
        "",
        "My laptop does not start any more: black screen, the fan runs.",
        "me",
        "cannot",
        3,
        "Memory fault. You have a replacement, your data is on it.",
        3,
    ),
    Story("", "The second screen stays black since the update.", "me", "workaround", 4, "The cable was worn; we changed it.", 5),
    Story(
        "",
        "Please create an account for our new colleague in {group}, starting on the {number}th.",
        "me",
        "question",
        4,
        "The account is ready; the first password is with their manager.",
        5,
    ),
    Story("", "The phone on {place} has no dial tone.", "several", "workaround", 3, "A plug had come loose in the cabinet.", 2),
    Story("", "Teams shows me as away all the time.", "me", "workaround", 4, "Please sign out of the phone app once; then it is right.", 2),
    Story("", "A key of my keyboard sticks.", "me", "workaround", 4, "A new keyboard is on its way by internal mail.", 3),
    Story("", "I cannot sign in: my account is locked.", "me", "cannot", 3, "Unlocked. It was an old password on your phone.", 6),
)

COLLEAGUES: tuple[tuple[str, str], ...] = (
    ("alice", "Alice Moreau"), ("hugo", "Hugo Petit"), ("nina", "Nina Roth"), ("paul", "Paul Girard"), ("rosa", "Rosa Conti"),
    ("theo", "Theo Lambert"), ("ines", "Ines Faure"), ("jonas", "Jonas Keller"), ("mila", "Mila Novak"), ("oscar", "Oscar Blanc"),
    ("tara", "Tara Singh"), ("yann", "Yann Caron"), ("zoe", "Zoe Martin"), ("victor", "Victor Olsen"), ("greta", "Greta Hahn"),
    ("felix", "Felix Braun"), ("louis", "Louis Roche"), ("clara", "Clara Vidal"), ("igor", "Igor Petrov"), ("ruth", "Ruth Cohen"),
    ("marta", "Marta Silva"), ("noah", "Noah Weiss"), ("julie", "Julie Fabre"), ("pierre", "Pierre Masson"),
)  # fmt: skip

MORE_COLLEAGUES: tuple[str, ...] = (
    "Adele Brun", "Amir Haddad", "Anouk Leroy", "Arno Visser", "Bela Kovacs", "Bianca Rossi", "Bruno Costa", "Camille Dupont",
    "Carla Neri", "Cedric Morel", "Chloe Renard", "Dario Greco", "Diane Meyer", "Elio Marin", "Emma Schulz", "Enzo Ricci",
    "Erik Lund", "Esther Gold", "Fanny Roux", "Farid Amari", "Flora Keane", "Gael Perrin", "Gina Bauer", "Hanna Lang",
    "Helene Picard", "Hector Ruiz", "Ida Holm", "Ivan Sokol", "Jana Vesela", "Jean Mercier", "Judith Stein", "Karim Benali",
    "Katja Vogel", "Lara Bianchi", "Leon Fischer", "Lily Chen", "Lucas Noel", "Magda Zielinska", "Marc Aubert", "Maya Cohen",
    "Milan Horvat", "Nadia Saidi", "Nils Berg", "Olga Orlova", "Otto Krause", "Pia Lindt", "Raoul Simon", "Rita Lopes",
    "Sacha Vidal", "Selma Aydin", "Simon Weber", "Sofia Moretti", "Tessa Boyd", "Ugo Ferri", "Vera Lind", "Wanda Adam",
)  # fmt: skip
"""They report too, and no world has them report today."""

OUTBREAKS: tuple[tuple[str, str, str], ...] = (
    ("email", "part", "Outlook cannot connect to the mail server."),
    ("vpn", "cannot", "The VPN tunnel drops right after signing in."),
    ("printing", "workaround", "The printer {place} reports a paper jam that is none."),
    ("file-server", "part", "The network drive of {group} is gone."),
)
"""What several people report within minutes: service, effect, words."""
