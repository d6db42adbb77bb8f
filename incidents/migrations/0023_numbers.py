"""Behind the rebuilding of both tables: SQLite forgets the first number of a table that is rebuilt while it is empty."""

from django.db import migrations

from servicedesk.schema import NumbersFrom


class Migration(migrations.Migration):
    dependencies = [("incidents", "0022_reports_status")]
    operations = [NumbersFrom(model="ticket", first=1001), NumbersFrom(model="incident", first=201)]
