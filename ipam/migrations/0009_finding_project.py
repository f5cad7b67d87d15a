from typing import Any

from django.db import migrations, models

from ipam.natural import Natural


def forget_the_survey(apps: Any, schema_editor: Any) -> None:
    """What the last survey kept does not say whose it is; the next one says it, and until then it is missed aloud."""
    apps.get_model("ipam", "Finding").objects.all().delete()
    apps.get_model("ipam", "UtilizationSample").objects.all().delete()


# An event's first addresses, for lists. Both databases can say it without a row that leaves them.
FIRST_ADDRESSES = {
    "postgresql": "jsonb_path_query_array(addresses, '$[0 to 19]')",
    "sqlite": "(SELECT json_group_array(value) FROM (SELECT value FROM json_each(addresses) LIMIT 20))",
}


def fill_first_addresses(apps: Any, schema_editor: Any) -> None:
    first = FIRST_ADDRESSES[schema_editor.connection.vendor]
    schema_editor.execute(f"UPDATE ipam_event SET first_addresses = {first}")


class Migration(migrations.Migration):
    dependencies = [("ipam", "0008_cluster")]

    operations = [
        migrations.RunPython(forget_the_survey, migrations.RunPython.noop),
        migrations.AddField(
            model_name="finding",
            name="network_id",
            field=models.CharField(blank=True, default="", help_text="empty for none", max_length=128),
        ),
        migrations.AddField(
            model_name="finding",
            name="project_id",
            field=models.UUIDField(blank=True, help_text="whose it is; empty: of the platform", null=True),
        ),
        migrations.AlterField(
            model_name="finding",
            name="kind",
            field=models.CharField(
                help_text="network, address, machine, cluster, project, pool or survey", max_length=16
            ),
        ),
        migrations.AddIndex(
            model_name="finding", index=models.Index(fields=["severity", "id"], name="finding_worst")
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(fields=["project_id", "severity", "id"], name="finding_of_project"),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(fields=["network_id", "severity", "id"], name="finding_of_network"),
        ),
        migrations.AddField(
            model_name="event",
            name="first_addresses",
            field=models.JSONField(default=list, help_text="the first 20 of them, for lists"),
        ),
        migrations.RunPython(fill_first_addresses, migrations.RunPython.noop),
        migrations.RemoveIndex(model_name="network", name="network_children"),
        *(
            migrations.AddIndex(model_name=model, index=models.Index(*before, Natural("name"), "id", name=name))
            for model, name, *before in (
                ("network", "network_children", "parent"),
                ("network", "network_by_name"),
                ("machine", "machine_in_order"),
                ("ipaddress", "address_in_order"),
                ("project", "project_in_order"),
            )
        ),
    ]
