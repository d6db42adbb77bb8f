from __future__ import annotations

from django.urls import path

from servicedesk.jobs import views

urlpatterns = [
    path("jobs/<int:number>/", views.job, name="job"),
    path("jobs/<int:number>/cancel/", views.cancel, name="job_cancel"),
    path("jobs/<int:number>/file/", views.file, name="job_file"),
]
