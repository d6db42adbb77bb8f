from __future__ import annotations

from django.urls import path

from monitoring.views import doors

urlpatterns = [
    path("in/results/", doors.Results.as_view(), name="in_results"),
    path("in/results/<str:token>/", doors.Results.as_view(), name="in_results_token"),
    path("ping/<uuid:uuid>", doors.Ping.as_view(), name="ping"),
    path("ping/<uuid:uuid>/<str:signal>", doors.Ping.as_view(), name="ping_signal"),
]
