"""References: a Django application with one view and one INSERT, and one bare Celery task that sends a mail."""

from __future__ import annotations

import json
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

MANY = "bare_many"
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
        for model in (Row(), Many()):
            if model._meta.db_table not in connection.introspection.table_names():
                editor.create_model(model)
    return WSGIHandler()


def Row() -> type[models.Model]:  # noqa: N802  (a model can be made only once Django is set up)
    known = _rows.get("row")
    if known is None:
        fields = {"__module__": __name__, "Meta": type("Meta", (), {"app_label": "bare"}), "body": models.TextField()}
        known = _rows["row"] = type("Bare", (models.Model,), fields)
    return known


def Many() -> type[models.Model]:  # noqa: N802
    known = _rows.get("many")
    if known is None:
        columns = {name: models.TextField() for name in ("name", "status", "summary", "event")}
        fields = {"__module__": __name__, "Meta": type("Meta", (), {"app_label": "bare", "db_table": MANY}), **columns}
        known = _rows["many"] = type("Many", (models.Model,), fields)
    return known


_rows: dict[str, type[models.Model]] = {}


@csrf_exempt
def insert(request: HttpRequest) -> HttpResponse:
    Row()._default_manager.create(body=request.body.decode())
    return HttpResponse("ok", headers={"Content-Length": "2"})


@csrf_exempt
def copy(request: HttpRequest) -> HttpResponse:
    """The plainest way to store the rows of a batch: COPY, or where there is none one prepared statement."""
    rows = [(item["check"], item["status"], item["summary"], item["event_id"]) for item in json.loads(request.body)]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {MANY} (name, status, summary, event) FROM STDIN") as lines:
                for row in rows:
                    lines.write_row(row)
        else:
            cursor.executemany(f"INSERT INTO {MANY} (name, status, summary, event) VALUES (%s, %s, %s, %s)", rows)
    return HttpResponse("ok", headers={"Content-Length": "2"})


@csrf_exempt
def bulk(request: HttpRequest) -> HttpResponse:
    model = Many()
    model._default_manager.bulk_create(
        model(name=item["check"], status=item["status"], summary=item["summary"], event=item["event_id"])
        for item in json.loads(request.body)
    )
    return HttpResponse("ok", headers={"Content-Length": "2"})


urlpatterns = [path("", insert), path("copy", copy), path("bulk", bulk)]
