"""References: a Django application with one view and one INSERT, and one bare Celery task that sends a mail."""

from __future__ import annotations

import os
import smtplib
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import django
from celery import Celery
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, models
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16000;",
}
ENGINE = "django.db.backends.sqlite3"
DATABASE: dict[str, Any] = {"ENGINE": ENGINE, "NAME": os.environ.get("BARE_DB", ":memory:"), "CONN_MAX_AGE": None, "OPTIONS": OPTIONS}
if "://" in DATABASE["NAME"]:
    url = urlsplit(DATABASE["NAME"])
    DATABASE |= {"ENGINE": "django.db.backends.postgresql", "NAME": url.path[1:], "OPTIONS": {}}
    DATABASE |= {"HOST": url.hostname, "PORT": url.port, "USER": url.username, "PASSWORD": url.password or ""}

hop = Celery("bare", broker=os.environ.get("BARE_BROKER", "memory://"))
hop.conf.update(task_acks_late=True, task_ignore_result=True)


@hop.task(name="bare.mail")
def mail(port: int, to: str) -> None:
    letter = EmailMessage()
    letter["Subject"], letter["From"], letter["To"] = "A bare hop", "desk@acme.example", to
    letter.set_content("One line.")
    with smtplib.SMTP("127.0.0.1", port) as server:
        server.send_message(letter)


def application() -> WSGIHandler:
    """The reference application; its table is made when it is not there."""
    settings.configure(DATABASES={"default": DATABASE}, ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="bare", USE_TZ=True)
    django.setup()
    with connection.schema_editor() as editor:
        if Row()._meta.db_table not in connection.introspection.table_names():
            editor.create_model(Row())
    return WSGIHandler()


def Row() -> type[models.Model]:  # noqa: N802  (a model can be made only once Django is set up)
    known = _rows.get("row")
    if known is None:
        fields = {"__module__": __name__, "Meta": type("Meta", (), {"app_label": "bare"}), "body": models.TextField()}
        known = _rows["row"] = type("Bare", (models.Model,), fields)
    return known


_rows: dict[str, type[models.Model]] = {}


@csrf_exempt
def insert(request: HttpRequest) -> HttpResponse:
    Row()._default_manager.create(body=request.body.decode())
    return HttpResponse("ok", headers={"Content-Length": "2"})


urlpatterns = [path("", insert)]
