from __future__ import annotations

from django.urls import path

from servicedesk.operations import setup, views

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("setup/", setup.setup, name="setup"),
]
