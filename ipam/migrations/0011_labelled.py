"""A value that stands in any label, such as a MAC, is found by an index of PostgreSQL; what has no label costs nothing.

SQLite has no such index and reads row by row.
"""

from django.db import migrations

_TABLES = ["ipam_ipaddress", "ipam_machine"]
_INDEX = "CREATE INDEX {table}_label_values ON {table} USING gin (labels) WHERE labels <> '{{}}'::jsonb"


def add_indexes(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in _TABLES:
            schema_editor.execute(_INDEX.format(table=table))


def remove_indexes(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in _TABLES:
            schema_editor.execute(f"DROP INDEX {table}_label_values")


class Migration(migrations.Migration):

    dependencies = [
        ('ipam', '0010_vacuum'),
    ]

    operations = [
        migrations.RunPython(add_indexes, remove_indexes),
    ]
