"""Letters: how people are reached, what was sent to them, and what became of it."""

from __future__ import annotations

from notifications.models.bounces import BouncedAddress
from notifications.models.callbacks import ProviderCallback
from notifications.models.drills import Drill, DrillAnswer
from notifications.models.errands import Errand, Urgency
from notifications.models.messages import Attempt, Message
from notifications.models.methods import SEALED, WAKING, Channel, ContactMethod, LadderRung, QuietHours
from notifications.models.proofs import MutedTopic, Proof, Topic
from notifications.models.providers import ProviderState
from notifications.models.reckonings import Reckoning
from notifications.models.sealed import PushKey, SealedAddress
from notifications.models.webhooks import Happening, Webhook

__all__ = [
    "SEALED",
    "WAKING",
    "Attempt",
    "BouncedAddress",
    "Channel",
    "ContactMethod",
    "Drill",
    "DrillAnswer",
    "Errand",
    "Happening",
    "LadderRung",
    "Message",
    "MutedTopic",
    "Proof",
    "ProviderCallback",
    "ProviderState",
    "PushKey",
    "QuietHours",
    "Reckoning",
    "SealedAddress",
    "Topic",
    "Urgency",
    "Webhook",
]
