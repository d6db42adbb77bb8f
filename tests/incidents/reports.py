"""Reports as people write them, by service and problem. All of one service are what a rule on that service compares.

A problem told in two languages has two groups, "queue en" and "queue de": no word-based likeness can pair those.
"""

from __future__ import annotations

REPORTS: dict[str, dict[str, tuple[str, ...]]] = {
    "email": {
        "connect en": (
            "Outlook cannot connect",
            "cannot connect to Outlook since this morning",
            "my outlook says disconnected",
            "Outlook shows 'cannot connect to server' since 8:40",
            "Hello, Outlook keeps saying it is trying to connect and then: disconnected. Colleagues in Finance have the same. Thanks, Ella",
            "Outlook connection lost, e-mail does not arrive",
        ),
        "connect de": ("Outlook kann keine Verbindung zum Server herstellen", "Keine Verbindung mit Outlook, guten Morgen, bitte um Hilfe"),
        "connect fr": ("Outlook ne se connecte plus au serveur depuis ce matin", "Bonjour, impossible de connecter Outlook au serveur"),
        "smtp en": (
            "Mail to customers bounces with 550 5.7.1 relay denied",
            "External mails come back: 550 relay access denied",
            "My email to a supplier bounced, relay denied (T-1033)",
        ),
        "signature en": ("New signature in Outlook is missing the logo", "Logo missing in my Outlook signature", "signature without logo"),
        "calendar en": ("Shared calendar of the board is not visible", "I cannot see the shared board calendar any more"),
        "rules en": ("Outlook rules do not move mail from the server", "My Outlook rules stopped moving messages"),
        "space en": ("Mailbox is full", "Quota exceeded, my mailbox is full again"),
        "size en": ("Cannot send a mail to a customer, attachment too large", "Attachment too large: mail to customers refused"),
    },
    "print": {
        "jam en": ("Printer on floor 2 has a paper jam", "paper jam 2nd floor printer"),
        "jam de": ("Papierstau am Drucker im 2. Stock", "Drucker im 2. Stock: Papierstau"),
        "empty en": (
            "printer empty",
            "Toner empty on printer PR-0417",
            "the printer needs toner, it is empty",
            "Printer on floor 2: toner empty",
        ),
        "colour en": ("Printer on floor 2 prints everything pink", "printer floor 2: colours are pink"),
        "queue en": (
            "Print jobs stay in the queue, nothing comes out",
            "My print job is stuck in the queue",
            "printing stuck: queue shows 14 jobs waiting",
        ),
        "queue de": ("Druckauftrag bleibt in der Warteschlange haengen", "Der Druckauftrag haengt seit heute in der Warteschlange"),
    },
    "files": {
        "drive en": ("Network drive S: has disappeared", "S drive is gone from my computer, network drive missing"),
        "drive de": ("Netzlaufwerk S ist verschwunden", "Mein Netzlaufwerk ist seit heute morgen verschwunden"),
        "drive fr": ("Le lecteur reseau S a disparu", "Mon lecteur réseau a disparu ce matin !"),
        "rights en": ("No permission to open the folder Contracts", "Permission denied on folder Contracts 2026"),
        "gone en": ("Somebody deleted the folder Contracts", "Folder Contracts was deleted, please restore"),
        "full en": ("Disk full when saving to fs02", "Cannot save, fs-02 says disk is full"),
    },
    "vpn": {
        "code en": (
            "VPN fails with error 0x80072746",
            "vpn client: 0x80072746 after entering the code",
            "Cannot dial in, error 0x80072746 (VPN)",
        ),
        "slow en": ("VPN is extremely slow from home", "very slow vpn today", "home office: VPN so slow that calls drop"),
        "token en": ("My VPN token is lost", "I lost the token for VPN"),
        "client en": ("Please install the VPN client on my new laptop", "VPN client for a new laptop"),
    },
    "internet": {
        "down": ("VPN down", "vpn is not working", "VPN doesn't work", "VPN geht nicht", "le VPN ne marche pas", "VPN broken again")
    },
    "sap": {
        "login en": ("SAP login rejects my password", "password not accepted at SAP login", "cannot log in to SAP: password rejected"),
        "expiry en": ("How do I change my SAP password", "SAP wants a new password, how long must it be"),
        "invoice en": ("Invoice posting in SAP ends with a dump", "SAP dump when I post an invoice", "posting invoices -> short dump"),
        "approve en": ("Invoice in SAP waits for approval by nobody", "SAP: who approves invoice 4711"),
        "print en": ("SAP does not print delivery notes", "delivery notes are not printed from SAP"),
    },
}
