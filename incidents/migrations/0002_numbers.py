"""Tickets are numbered from T-1001, incidents from INC-201."""

from django.db import migrations

from servicedesk.schema import NumbersFrom


class Migration(migrations.Migration):
    dependencies = [("incidents", "0001_initial")]
    operations = [NumbersFrom(model="ticket", first=1001), NumbersFrom(model="incident", first=201)]
