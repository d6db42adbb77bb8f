from django.db import migrations
from django.utils import timezone

TARGETS = {
    "1": [600, 1800, 14_400, True],
    "2": [1800, 7200, 28_800, True],
    "3": [1800, 14_400, 72_000, False],
    "4": [14_400, 36_000, 180_000, False],
}
PAUSES = ["approval", "planned", "requester", "vendor"]
WANTED = dict.fromkeys(("kind", "teams", "services", "request_types", "sites", "people", "categories", "departments"))


def of_the_desk(apps, schema_editor):
    """A desk that is at work gets the level every new one begins with; a new one makes its own."""
    levels = apps.get_model("incidents", "ServiceLevel").objects
    if not apps.get_model("directory", "Organisation").objects.exists() or levels.filter(is_rest=True).exists():
        return
    row = levels.create(slug="standard", name="Standard", is_rest=True, targets=TARGETS, pauses=PAUSES, version=1)
    definition = {"name": row.name, "wanted": {name: [] for name in WANTED}, "targets": TARGETS, "pauses": PAUSES}
    versions = apps.get_model("incidents", "ServiceLevelVersion").objects
    versions.create(level=row, version=1, definition=definition, published_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("directory", "0006_service_group"), ("incidents", "0036_service_levels")]
    operations = [migrations.RunPython(of_the_desk, migrations.RunPython.noop)]
