"""The alert rules that an installation begins with: enabled, and telling nobody until somebody says whom."""

from typing import Any

from django.apps import apps as installed_apps
from django.apps.registry import Apps
from django.db import connections

RULES = (
    ("A family is 80 % full", "utilization", 80, 75, "warning"),
    ("A family is 95 % full", "utilization", 95, 90, "serious"),
    ("A family is full in 60 days", "days_left", 60, 75, "warning"),
    ("A family is full in 21 days", "days_left", 21, 30, "serious"),
    ("Room for few children", "children_left", 4, 8, "warning"),
    ("Room for no child", "children_left", 0, 2, "serious"),
    ("A pool has few numbers", "pool", 13_000, 20_000, "warning"),
    ("A pool has hardly a number", "pool", 1_000, 2_000, "serious"),
)


def install(*, using: str, apps: Apps = installed_apps, **kwargs: Any) -> None:
    """Make the rules where none were ever made, which the row of the reader says; those that were deleted stay so.

    Runs after every `migrate`; harmless to repeat.
    """
    try:
        reader, rules = apps.get_model("ipam", "AlertReader"), apps.get_model("ipam", "AlertRule")
    except LookupError:
        return  # migrated back to before
    if reader._meta.db_table not in connections[using].introspection.table_names():
        return
    if reader.objects.using(using).exists():
        return
    reader.objects.using(using).create(pk=1)
    rules.objects.using(using).bulk_create(
        rules(name=name, watch=watch, fire=fire, clear=clear, severity=severity)
        for name, watch, fire, clear, severity in RULES
    )
