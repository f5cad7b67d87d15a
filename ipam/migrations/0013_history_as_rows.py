"""Which addresses an event is about, and who held them, are rows: tenures, and mentions (ipam/models/tenures.py).

What the JSON lists of events said becomes such rows, a batch of events at a time; then the lists go, and with them the
indexes and triggers by which they were searched. What is held without an event that says since when, is held since it
was made, or before.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Coalesce

import ipam.fields
from ipam.migrations import _history_rows as history_rows
from ipam.models.projects import NO_NAMESPACE

_NO_NAMESPACE = models.Value(NO_NAMESPACE, output_field=models.UUIDField())


def one_open(name: str, what: str, **condition: object) -> migrations.AddConstraint:
    return migrations.AddConstraint(
        "tenure",
        models.UniqueConstraint(
            "address",
            Coalesce("namespace_id", _NO_NAMESPACE),
            name=name,
            condition=Q(until=None, **condition),
            violation_error_message=f"{what} has one holder at a time. Run `manage.py doctor --repair`.",
        ),
    )


def name_field() -> models.CharField:
    return models.CharField(default="", max_length=255)


class Migration(migrations.Migration):
    dependencies = [("ipam", "0012_space_that_is_never_used")]

    operations = [
        migrations.AddField(
            "event",
            "part_of",
            models.ForeignKey(
                blank=True, db_index=False, help_text="the event of the operation around this one", null=True,
                on_delete=django.db.models.deletion.CASCADE, related_name="parts", to="ipam.event",
            ),
        ),
        migrations.AddIndex(
            "event",
            models.Index(fields=["part_of", "id"], name="event_part_of", condition=Q(part_of__isnull=False)),
        ),
        migrations.AlterField(
            "event",
            "first_addresses",
            models.JSONField(default=list, help_text="the first 20 addresses, for lists"),
        ),
        migrations.CreateModel(
            "Mention",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("network_id", models.CharField(max_length=128)),
                ("address", ipam.fields.AddressField(help_text="empty: the network itself", null=True)),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="mentions", to="ipam.event"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["address", "network_id"], name="mention_of_address", condition=Q(address__isnull=False)
                    ),
                    models.Index(
                        fields=["network_id", "event"], name="mention_of_network", condition=Q(address=None)
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            "Tenure",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", ipam.fields.AddressField(help_text="of a block: its first")),
                (
                    "length",
                    models.PositiveSmallIntegerField(help_text="of a block; empty for a single address", null=True),
                ),
                (
                    "prefix_length",
                    models.PositiveSmallIntegerField(help_text="of the prefix that it was taken from", null=True),
                ),
                ("namespace_id", models.UUIDField(null=True)),
                ("network_id", models.CharField(max_length=128)),
                ("project_id", models.UUIDField(null=True)),
                ("project_name", name_field()),
                ("machine_id", models.CharField(default="", help_text="empty for none", max_length=128)),
                ("machine_name", name_field()),
                ("name", models.CharField(default="", help_text="as it began", max_length=255)),
                (
                    "type",
                    models.CharField(
                        default="",
                        help_text="of an address as it began; of a block: its network's",
                        max_length=16,
                    ),
                ),
                ("allocation", models.UUIDField(null=True)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(help_text="empty while it lasts", null=True)),
                (
                    "from_exact",
                    models.BooleanField(default=True, help_text="whether it began at `since`, or before"),
                ),
                (
                    "begun_by",
                    models.BigIntegerField(help_text="an event, which may have been forgotten", null=True),
                ),
                (
                    "ended_by",
                    models.BigIntegerField(help_text="an event, which may have been forgotten", null=True),
                ),
                ("actor", models.CharField(default="", help_text="who began it", max_length=255)),
                ("door", models.CharField(default="", help_text="through which it began", max_length=9)),
            ],
            options={
                "ordering": ["address", "since", "id"],
                "indexes": [
                    models.Index(fields=["address", "since"], name="tenure_of_address"),
                    models.Index(fields=["begun_by"], name="tenure_begun_by"),
                    models.Index(fields=["ended_by"], name="tenure_ended_by", condition=Q(ended_by__isnull=False)),
                ],
            },
        ),
        one_open("tenure_one_open_per_address", "An address", length=None),
        one_open("tenure_one_open_per_block", "A block", length__isnull=False),
        migrations.RunPython(history_rows.fill, migrations.RunPython.noop),
        migrations.RunPython(history_rows.drop_indexes, history_rows.make_indexes),
        migrations.RemoveField("event", "addresses"),
        migrations.RemoveField("event", "holders"),
    ]
