from __future__ import annotations

from django.db import migrations

from servicedesk.schema import SQLOn

# an index for each kind: what tickets are full of is looked for in what was said without a look at those tickets.
# All three in place of the one, which the planner would go on taking.
POSTGRESQL = [
    "CREATE INDEX search_words_of_tickets ON search_searchdoc USING gin (words) WHERE kind = 'ticket'",
    "CREATE INDEX search_words_of_entries ON search_searchdoc USING gin (words) WHERE kind = 'entry'",
    "CREATE INDEX search_words_of_others ON search_searchdoc USING gin (words) WHERE kind NOT IN ('ticket', 'entry')",
    "DROP INDEX search_words_gin",
]
POSTGRESQL_BACK = [
    "CREATE INDEX search_words_gin ON search_searchdoc USING gin (words)",
    "DROP INDEX search_words_of_tickets",
    "DROP INDEX search_words_of_entries",
    "DROP INDEX search_words_of_others",
]


class Migration(migrations.Migration):
    dependencies = [("search", "0001_initial")]
    operations = [SQLOn("postgresql", POSTGRESQL, POSTGRESQL_BACK)]
