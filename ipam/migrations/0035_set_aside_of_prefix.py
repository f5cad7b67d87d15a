from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ipam", "0034_child_choice")]

    operations = [
        migrations.AddIndex(
            model_name="setasideblock",
            index=models.Index(fields=["prefix", "namespace", "first"], name="set_aside_of_prefix"),
        ),
    ]
