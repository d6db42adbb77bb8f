from __future__ import annotations

from django.urls import path, re_path

from monitoring.views import alerts, checks, doors, inbox, mapping, overviews, pagers, passive, prometheus, senders

urlpatterns = [
    path("services/", overviews.services, name="services"),
    path("services/<slug:slug>/", overviews.service, name="service"),
    path("checks/new/", checks.new_check, name="new_check"),
    path("checks/<int:number>/", checks.check, name="check"),
    path("checks/<int:number>/figures.csv", checks.figures, name="check_figures"),
    path("checks/<int:number>/why/", checks.why, name="why_check"),
    path("checks/<int:number>/spark/", checks.spark, name="check_spark"),
    path("checks/<int:number>/edit/", checks.edit_check, name="edit_check"),
    path("checks/<int:number>/pause/", checks.pause, name="pause_check"),
    path("checks/<int:number>/ping/", checks.ping, name="ping_check"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/<int:number>/", alerts.alert, name="alert"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/<slug:slug>/mapping/", mapping.edit, name="source_mapping"),
    path("in/results/", doors.Results.as_view(), name="in_results"),
    path("in/results/<str:token>/", doors.Results.as_view(), name="in_results_token"),
    path("in/alerta/alert", senders.Sender.as_view(), {"sender": "alerta"}, name="in_alerta"),
    path("in/otlp/v1/<slug:kind>", senders.Sender.as_view(), {"sender": "otlp"}, name="in_otlp"),
    path("in/<slug:sender>/", senders.Sender.as_view(), name="in_sender"),
    path("in/<slug:sender>/<str:token>/", senders.Sender.as_view(), name="in_sender_token"),
    path("api/v2/alerts", prometheus.Alerts.as_view(), name="prometheus_alerts"),
    path("api/v2/status", prometheus.Status.as_view(), name="prometheus_status"),
    path("-/ready", prometheus.Ready.as_view(), name="prometheus_ready"),
    path("v2/enqueue", pagers.Events.as_view(), name="pagerduty_events"),
    path("v2/change/enqueue", pagers.Changes.as_view(), name="pagerduty_changes"),
    path("generic/2010-04-15/create_event.json", pagers.EventsV1.as_view(), name="pagerduty_events_v1"),
    path("v2/alerts", pagers.OpsgenieAlerts.as_view(), name="opsgenie_alerts"),
    re_path(r"^v2/alerts/(?P<alias>.{1,512})/(?P<deed>close|acknowledge)$", pagers.OpsgenieDeed.as_view(), name="opsgenie_deed"),
    path("v2/heartbeats/<str:name>/ping", pagers.OpsgenieHeartbeat.as_view(), name="opsgenie_heartbeat"),
    path("v1/actions/process-check-result", passive.CheckResult.as_view(), name="icinga_result"),
    path("api/push/<str:token>", passive.Push.as_view(), name="push"),
    path("api/v1/endpoints/<str:key>/external", passive.External.as_view(), name="gatus_external"),
    path("ping/<uuid:uuid>", doors.Ping.as_view(), name="ping"),
    path("ping/<uuid:uuid>/<str:signal>", doors.Ping.as_view(), name="ping_signal"),
    path("ping/<str:key>/<str:slug>", doors.KeyedPing.as_view(), name="ping_keyed"),
    path("ping/<str:key>/<str:slug>/<str:signal>", doors.KeyedPing.as_view(), name="ping_keyed_signal"),
]
