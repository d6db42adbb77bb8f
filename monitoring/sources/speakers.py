"""Which door is whose: the name in `/in/<name>/` to the one who reads its bodies. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from monitoring.normal import Signal
from monitoring.sources import (
    alerta,
    alertmanager,
    cloudevents,
    clouds,
    falco,
    gatus,
    generic,
    grafana,
    graylog,
    librenms,
    monit,
    nagios,
    netdata,
    opsgenie,
    otlp,
    outside,
    pagerduty,
    prometheus,
    sentry,
    splunk,
    uptimekuma,
    wazuh,
    zabbix,
)
from monitoring.sources.posts import Post

Read = Callable[[Post], list[Signal]]

SPEAKERS: Mapping[str, Read] = {
    "alertmanager": alertmanager.read,
    "grafana": grafana.read,
    "zabbix": zabbix.read,
    "uptimekuma": uptimekuma.read,
    "pagerduty": pagerduty.read,
    "opsgenie": opsgenie.read,
    "icinga": nagios.read,
    "nagios": nagios.read,
    "checkmk": nagios.read,
    "sentry": sentry.read,
    "datadog": clouds.datadog,
    "newrelic": clouds.newrelic,
    "cloudwatch": clouds.cloudwatch,
    "azure": clouds.azure,
    "stackdriver": clouds.stackdriver,
    "healthchecks": outside.healthchecks,
    "pingdom": outside.pingdom,
    "statuscake": outside.statuscake,
    "uptimerobot": outside.uptimerobot,
    "updown": outside.updown,
    "gatus": gatus.read,
    "netdata": netdata.read,
    "monit": monit.read,
    "librenms": librenms.read,
    "alerta": alerta.read,
    "wazuh": wazuh.read,
    "falco": falco.read,
    "splunk": splunk.read,
    "graylog": graylog.read,
    "cloudevents": cloudevents.read,
    "otlp": otlp.read,
    "prometheus": prometheus.read,
    "generic": generic.read,
}
