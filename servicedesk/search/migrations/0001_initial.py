from __future__ import annotations

from django.db import migrations, models

from servicedesk.schema import SQLOn

# outside the extension nothing folds accents; search goes on without that
FOLD = """DO $do$ BEGIN
  CREATE EXTENSION IF NOT EXISTS unaccent;
  CREATE FUNCTION search_fold(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path FROM CURRENT
    AS $f$ SELECT unaccent('unaccent'::regdictionary, words) $f$;
EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_file THEN
  CREATE FUNCTION search_fold(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $f$ SELECT words $f$;
END $do$"""
WORDS = """CREATE FUNCTION search_words(title text, body text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  SET search_path FROM CURRENT AS $f$
  SELECT setweight(to_tsvector('simple'::regconfig, search_fold(title)), 'A')
      || setweight(to_tsvector('simple'::regconfig, search_fold(body)), 'B') $f$"""
# folding may bring quotes in: ŉ becomes 'n
WORD = r"""CREATE FUNCTION search_word(word text, is_start boolean) RETURNS tsquery LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  SET search_path FROM CURRENT AS $f$
  SELECT CASE WHEN trim(folded) = '' THEN ''::tsquery
    ELSE to_tsquery('simple'::regconfig, '''' || folded || '''' || CASE WHEN is_start THEN ':*' ELSE '' END) END
  FROM (SELECT translate(search_fold(word), '''\', '') AS folded) AS bare $f$"""

POSTGRESQL = [
    FOLD,
    WORDS,
    WORD,
    "ALTER TABLE search_searchdoc ADD COLUMN words tsvector GENERATED ALWAYS AS (search_words(title, body)) STORED",
    "CREATE INDEX search_words_gin ON search_searchdoc USING gin (words)",
]
POSTGRESQL_BACK = [
    "ALTER TABLE search_searchdoc DROP COLUMN words",
    "DROP FUNCTION search_word(text, boolean)",
    "DROP FUNCTION search_words(text, text)",
    "DROP FUNCTION search_fold(text)",
]
OLD = "INSERT INTO search_index(search_index, rowid, title, body) VALUES ('delete', old.id, old.title, old.body);"
NEW = "INSERT INTO search_index(rowid, title, body) VALUES (new.id, new.title, new.body);"
SQLITE = [
    "CREATE VIRTUAL TABLE search_index USING fts5(title, body, content='search_searchdoc', content_rowid='id', "
    "tokenize='unicode61 remove_diacritics 2', prefix='2 3')",
    f"CREATE TRIGGER search_added AFTER INSERT ON search_searchdoc BEGIN {NEW} END",
    f"CREATE TRIGGER search_removed AFTER DELETE ON search_searchdoc BEGIN {OLD} END",
    f"CREATE TRIGGER search_changed AFTER UPDATE OF title, body ON search_searchdoc BEGIN {OLD} {NEW} END",
]
SQLITE_BACK = [
    "DROP TRIGGER search_changed",
    "DROP TRIGGER search_removed",
    "DROP TRIGGER search_added",
    "DROP TABLE search_index",
]


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="SearchDoc",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20, verbose_name="kind")),
                ("object_id", models.BigIntegerField(verbose_name="object")),
                ("title", models.CharField(max_length=240, verbose_name="title")),
                ("body", models.TextField(blank=True, verbose_name="text")),
                ("is_public", models.BooleanField(default=False, verbose_name="for everyone")),
                ("updated_at", models.DateTimeField(verbose_name="changed")),
            ],
            options={
                "verbose_name": "search entry",
                "verbose_name_plural": "search entries",
                "constraints": [models.UniqueConstraint(fields=("kind", "object_id"), name="search_doc_once")],
            },
        ),
        SQLOn("postgresql", POSTGRESQL, POSTGRESQL_BACK),
        SQLOn("sqlite", SQLITE, SQLITE_BACK),
    ]
