from __future__ import annotations

from django.urls import path

from notifications.views import hooks, outbox

urlpatterns = [
    path("outbox/", outbox.outbox, name="outbox"),
    path("hooks/twilio/status/<slug:token>/", hooks.twilio_status, name="twilio_status"),
]
