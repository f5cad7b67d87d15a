"""A value that stands in any label, such as a MAC, is found by an index of PostgreSQL; what has no label costs nothing.

SQLite has no such index and reads row by row.
"""

from django.db import migrations

from ipam.migrations._postgresql import add_label_indexes, remove_label_indexes


class Migration(migrations.Migration):

    dependencies = [
        ('ipam', '0010_vacuum'),
    ]

    operations = [
        migrations.RunPython(add_label_indexes, remove_label_indexes),
    ]
