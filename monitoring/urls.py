from __future__ import annotations

from django.urls import path

from monitoring.views import doors, prometheus, senders

urlpatterns = [
    path("in/results/", doors.Results.as_view(), name="in_results"),
    path("in/results/<str:token>/", doors.Results.as_view(), name="in_results_token"),
    path("in/<slug:sender>/", senders.Sender.as_view(), name="in_sender"),
    path("in/<slug:sender>/<str:token>/", senders.Sender.as_view(), name="in_sender_token"),
    path("api/v2/alerts", prometheus.Alerts.as_view(), name="prometheus_alerts"),
    path("api/v2/status", prometheus.Status.as_view(), name="prometheus_status"),
    path("-/ready", prometheus.Ready.as_view(), name="prometheus_ready"),
    path("ping/<uuid:uuid>", doors.Ping.as_view(), name="ping"),
    path("ping/<uuid:uuid>/<str:signal>", doors.Ping.as_view(), name="ping_signal"),
]
