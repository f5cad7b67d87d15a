"""Lists and searches at a million addresses.

On PostgreSQL a part of a name (`icontains`, which is UPPER(…) LIKE …) is found by its trigrams. The planner must know
how rare a text is, or it reads a whole table in order: indexes tell it, but partial ones only by a statistics object.
SQLite has no such index and compares row by row.
"""

import django.db.models.deletion
from django.db import migrations, models

from ipam.migrations._postgresql import add_trigrams, remove_trigrams


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
