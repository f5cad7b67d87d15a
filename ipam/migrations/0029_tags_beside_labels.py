from django.db import migrations, models

TAG_INDEX = "CREATE INDEX ipam_ipaddress_tags ON ipam_ipaddress USING gin (tags) WHERE tags <> '[]'::jsonb"


def add_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(TAG_INDEX)


class Migration(migrations.Migration):

    dependencies = [
        ('ipam', '0028_numbers_are_tried_again'),
    ]

    operations = [
        migrations.AddField(
            model_name='ipaddress',
            name='tags',
            field=models.JSONField(blank=True, default=list, editable=False),
        ),
        # with its column it goes too
        migrations.RunPython(add_index, migrations.RunPython.noop),
    ]
