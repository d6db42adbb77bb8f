from __future__ import annotations

from django.urls import path

from notifications.views import browsers, drills, hooks, me, message, outbox, report, tracking

urlpatterns = [
    path("outbox/", outbox.outbox, name="outbox"),
    path("drills/", drills.drills, name="drills"),
    path("drill/<str:token>/", drills.drill, name="drill"),
    path("outbox/report/", report.delivery_report, name="delivery_report"),
    path("outbox/<int:number>/", message.message, name="message"),
    path("outbox/<int:number>/again/", message.send_again, name="message_again"),
    path("outbox/<int:number>/cancel/", message.cancel, name="message_cancel"),
    path("me/keys/", me.my_keys, name="my_keys"),
    path("me/language/", me.my_language, name="my_language"),
    path("me/notifications/", me.my_notifications, name="my_notifications"),
    path("me/notifications/add/", me.add_method, name="add_method"),
    path("me/notifications/browser/", browsers.add_browser, name="add_browser"),
    path("me/notifications/worker.js", browsers.worker, name="push_worker"),
    path("me/notifications/<int:number>/test/", me.test_method, name="test_method"),
    path("me/notifications/<int:number>/confirm/", me.confirm_method, name="confirm_method"),
    path("me/notifications/<int:number>/remove/", me.remove_method, name="remove_method"),
    path("me/notifications/ladder/<slug:urgency>/", me.ladder, name="ladder"),
    path("me/notifications/quiet/", me.quiet_hours, name="quiet_hours"),
    path("me/notifications/notices/", me.topics, name="notice_topics"),
    path("me/notifications/desk.vcf", me.contact_card, name="contact_card"),
    path("people/<str:username>/notifications/", me.persons_notifications, name="persons_notifications"),
    path("anymail/<slug:service>/tracking/", tracking.track, name="mail_tracking"),
    path("hooks/push/<slug:token>/", hooks.push_receipt, name="push_receipt"),
    path("hooks/twilio/status/<slug:token>/", hooks.twilio_status, name="twilio_status"),
]
