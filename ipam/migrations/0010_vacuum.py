"""Tables whose rows come and go by the second are swept more often on PostgreSQL.

Free blocks and number ranges are read from their lowest end, where rows have just gone. By default what is gone is
swept up when it is a fifth of the table, and until then each look at the lowest end may pass over all of it.
"""

from django.db import migrations

# Sweep once so many rows have gone, and so large a share of the table.
SETTINGS = {
    "ipam_freeblock": {"autovacuum_vacuum_threshold": 500, "autovacuum_vacuum_scale_factor": 0.01},
    "ipam_numberrange": {"autovacuum_vacuum_threshold": 500, "autovacuum_vacuum_scale_factor": 0.01},
}


def sweep_often(apps, schema_editor):
    _alter(schema_editor, "SET", "{} = {}")


def sweep_as_usual(apps, schema_editor):
    _alter(schema_editor, "RESET", "{}")


def _alter(schema_editor, verb, form):
    if schema_editor.connection.vendor != "postgresql":
        return
    for table, settings in SETTINGS.items():
        parameters = ", ".join(form.format(name, value) for name, value in settings.items())
        schema_editor.execute(f"ALTER TABLE {table} {verb} ({parameters})")


class Migration(migrations.Migration):

    dependencies = [
        ('ipam', '0009_finding_project'),
    ]

    operations = [
        migrations.RunPython(sweep_often, sweep_as_usual),
    ]
