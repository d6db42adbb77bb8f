from __future__ import annotations

from django.urls import path, re_path

from incidents.views import articles, calls, exports, files, incident, numbers, oncall, policies, portal, queue, replies, signed, ticket

urlpatterns = [
    path("", portal.home, name="home"),
    path("new/", portal.new_ticket, name="new_ticket"),
    path("new/promise/", portal.promise, name="promise"),
    path("help/", articles.index, name="help"),
    path("help/<slug:slug>/", articles.article, name="article"),
    path("t/", portal.my_tickets, name="my_tickets"),
    path("t/<int:number>/", portal.ticket, name="requester_ticket"),
    path("t/<int:number>/works-again/", portal.works_again, name="works_again"),
    path("files/<int:number>/", files.file, name="file"),
    path("queue/", queue.queue, name="queue"),
    path("queue/export/", exports.export_tickets, name="export_tickets"),
    path("tickets/<int:number>/", ticket.ticket, name="ticket"),
    path("tickets/<int:number>/reply/", ticket.reply, name="ticket_reply"),
    path("tickets/<int:number>/note/", ticket.note, name="ticket_note"),
    path("tickets/<int:number>/call/", ticket.call, name="ticket_call"),
    path("tickets/<int:number>/assign/", ticket.assign, name="ticket_assign"),
    path("tickets/<int:number>/severity/", ticket.severity, name="ticket_severity"),
    path("tickets/<int:number>/move/", ticket.move, name="ticket_move"),
    path("incidents/", incident.incident_list, name="incidents"),
    path("incidents/new/", incident.declare, name="declare_incident"),
    path("incidents/<int:number>/", incident.incident, name="incident"),
    path("incidents/<int:number>/act/", incident.act, name="incident_act"),
    path("incidents/<int:number>/note/", incident.note, name="incident_note"),
    path("oncall/", oncall.on_call, name="on_call"),
    path("oncall/<slug:slug>/", oncall.schedule, name="schedule"),
    path("oncall/<slug:slug>/edit/", oncall.edit, name="edit_schedule"),
    path("policies/", policies.policy_list, name="policies"),
    path("policies/<slug:slug>/", policies.policy, name="policy"),
    path("readiness/", policies.ready, name="readiness"),
    path("a/<str:token>", signed.signed, name="signed"),
    path("hooks/twilio/sms/", replies.sms, name="twilio_sms"),
    path("hooks/twilio/voice/<slug:token>/", calls.voice, name="twilio_voice"),
    re_path(r"^(?P<section>t|tickets|incidents)/(?P<number>[A-Za-z]{1,3}-[0-9]{1,18})/$", numbers.bare, name="numbers"),
]
