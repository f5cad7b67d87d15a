"""Tables whose rows come and go by the second are swept more often on PostgreSQL.

Free blocks and number ranges are read from their lowest end, where rows have just gone. By default what is gone is
swept up when it is a fifth of the table, and until then each look at the lowest end may pass over all of it.
"""

from django.db import migrations

from ipam.migrations._postgresql import sweep_as_usual, sweep_often


class Migration(migrations.Migration):

    dependencies = [
        ('ipam', '0009_finding_project'),
    ]

    operations = [
        migrations.RunPython(sweep_often, sweep_as_usual),
    ]
