"""What the desk refuses, and how the API says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, PermissionDenied, ValidationError

from incidents import approvals, conversation, incidents, merging, pledges, silences, tickets, withdrawing
from incidents.command import updates
from incidents.states import IllegalMove
from servicedesk.api.problems import Conflict


def _reason(_error: Exception) -> APIException:
    return ValidationError({"reason": [_("Say why: the next person reads it.")]}, code="required")


def _staff_only(_error: Exception) -> APIException:
    return PermissionDenied(_("Only agents and managers do this."))


def _not_public(_error: Exception) -> APIException:
    return ValidationError({"audiences": [_("This incident is confidential: only managers are told.")]}, code="invalid")


def _past(_error: Exception) -> APIException:
    return ValidationError({"next_update_at": [_("This is past. Promise a time to come.")]}, code="invalid")


def _newer(error: conversation.NewerEntry) -> APIException:
    return Conflict(_("Somebody wrote after what you have read: entry %(id)d. Read it, then send again.") % {"id": error.entry.pk})


def _too_late(_error: Exception) -> APIException:
    return Conflict(_("It can no longer be taken back: it went out."))


def _over(_error: Exception) -> APIException:
    return ValidationError({"due_at": [_("This is past. Promise a time to come.")]}, code="invalid")


def _not_asked(_error: Exception) -> APIException:
    return PermissionDenied(_("Only who was asked decides."))


REFUSALS: Mapping[type[Exception], Callable[[Any], APIException]] = {
    approvals.NotYours: _not_asked,
    approvals.ReasonNeeded: _reason,
    merging.CannotJoin: lambda error: Conflict(str(error)),
    pledges.InThePast: _over,
    withdrawing.TooLate: _too_late,
    IllegalMove: lambda error: Conflict(str(error)),
    conversation.NewerEntry: _newer,
    conversation.StaffOnly: _staff_only,
    incidents.ReasonNeeded: _reason,
    updates.AlreadyPast: _past,
    updates.NotPublic: _not_public,
    tickets.ReasonNeeded: _reason,
    silences.SilenceRefused: lambda error: ValidationError([str(error)], code="refused"),
}
