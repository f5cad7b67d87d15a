"""Lists and searches at a million addresses.

On PostgreSQL a part of a name (`icontains`, which is UPPER(…) LIKE …) is found by its trigrams. The planner must know
how rare a text is, or it reads a whole table in order: indexes tell it, but partial ones only by a statistics object.
SQLite has no such index and compares row by row.
"""

import django.db.models.deletion
from django.db import migrations, models

# Table: what ipam/models matches by a part of its text.
SEARCHED = {
    "ipam_network": ["id", "name", "description"],
    "ipam_machine": ["id", "name", "hostname", "description"],
    "ipam_project": ["id", "name", "description"],
    "ipam_vrf": ["id", "name", "description"],
}
# Addresses are many, and stored all day: those without a text cost nothing.
SEARCHED_WHERE_GIVEN = {"ipam_ipaddress": ["name", "description"]}

INDEX = "CREATE INDEX {table}_{column}_trigrams ON {table} USING gin (upper({column}::text) gin_trgm_ops)"
STATISTICS = "CREATE STATISTICS {table}_{column}_texts ON (upper({column}::text)) FROM {table}"


def _columns(tables):
    return [{"table": table, "column": column} for table, columns in tables.items() for column in columns]


def add_trigrams(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    for names in _columns(SEARCHED):
        schema_editor.execute(INDEX.format(**names))
    for names in _columns(SEARCHED_WHERE_GIVEN):
        schema_editor.execute(f"{INDEX} WHERE {{column}} <> ''".format(**names))
        schema_editor.execute(STATISTICS.format(**names))


def remove_trigrams(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for names in _columns({**SEARCHED, **SEARCHED_WHERE_GIVEN}):
        schema_editor.execute("DROP INDEX {table}_{column}_trigrams".format(**names))
    for names in _columns(SEARCHED_WHERE_GIVEN):
        schema_editor.execute("DROP STATISTICS {table}_{column}_texts".format(**names))


class Migration(migrations.Migration):

    dependencies = [
        ('ipam', '0003_survey'),
    ]

    operations = [
        migrations.AlterField(
            model_name='ipaddress',
            name='machine',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='addresses', to='ipam.machine'),
        ),
        migrations.AlterField(
            model_name='ipaddress',
            name='project',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='addresses', to='ipam.project'),
        ),
        migrations.AddIndex(
            model_name='ipaddress',
            index=models.Index(fields=['project', 'address'], name='address_of_project'),
        ),
        migrations.AddIndex(
            model_name='ipaddress',
            index=models.Index(fields=['name', 'id'], name='address_by_name'),
        ),
        migrations.AddIndex(
            model_name='ipaddress',
            index=models.Index(fields=['created_at', 'id'], name='address_by_age'),
        ),
        migrations.AddIndex(
            model_name='ipaddress',
            index=models.Index(condition=models.Q(('machine__isnull', False)), fields=['machine', 'address'], name='address_of_machine'),
        ),
        migrations.AddIndex(
            model_name='ipaddress',
            index=models.Index(condition=models.Q(('namespace__isnull', False)), fields=['namespace', 'address'], name='address_in_namespace'),
        ),
        migrations.AddIndex(
            model_name='machine',
            index=models.Index(fields=['created_at', 'id'], name='machine_by_age'),
        ),
        migrations.AddIndex(
            model_name='network',
            index=models.Index(condition=models.Q(('parent__isnull', True)), fields=['id'], name='network_roots'),
        ),
        migrations.AddIndex(
            model_name='project',
            index=models.Index(fields=['name', 'id'], name='project_by_name'),
        ),
        migrations.AddIndex(
            model_name='prefix',
            index=models.Index(fields=['length', 'id'], name='prefix_by_length'),
        ),
        migrations.AddIndex(
            model_name='prefix',
            index=models.Index(fields=['parent', 'length', 'first'], name='prefix_children_by_length'),
        ),
        migrations.RunPython(add_trigrams, remove_trigrams),
    ]
