from __future__ import annotations

from django.urls import path

from servicedesk.operations import setup, views
from servicedesk.operations.styleguide import styleguide

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.figures, name="metrics"),
    path(".well-known/security.txt", views.security_txt, name="security_txt"),
    path("setup/", setup.setup, name="setup"),
    path("setup/<slug:name>/", setup.step, name="setup_step"),
    path("settings/", views.settings_page, name="settings"),
    path("styleguide/", styleguide, name="styleguide"),
]
