"""Delivery: claim a row, hand it to its channel, record what came of it. Leases, back-off, lost answers, receipts.

The intent is committed before the provider is called and no call stands in a transaction. A row is taken by one
compare-and-swap; its lease is set and compared by the database's clock; a result is written only by the attempt that
still owns the row. Each function may be run by any number of workers and engines at once.
"""

from __future__ import annotations

from notifications.delivery.asking import ask_due
from notifications.delivery.handing import deliver, deliver_all
from notifications.delivery.hanging import hang_up_due
from notifications.delivery.letters import deliver_together
from notifications.delivery.lost import reconcile_due
from notifications.delivery.receipts import receipt
from notifications.delivery.sweeps import deliver_unclaimed, promote_due

__all__ = [
    "ask_due",
    "deliver",
    "deliver_all",
    "deliver_together",
    "deliver_unclaimed",
    "hang_up_due",
    "promote_due",
    "receipt",
    "reconcile_due",
]
