"""Free space holds nothing that can never be used (rule 4a); what was taken of it stays taken."""

from typing import Any

from django.conf import settings
from django.db import migrations
from django.db.models import Q
from netaddr import IPAddress, IPNetwork, cidr_exclude

from ipam.special_ranges import TABLE, Column


def leave_out_of_free_space(apps: Any, schema_editor: Any) -> None:
    free_blocks = apps.get_model("ipam", "FreeBlock").objects
    columns = Column.NEVER_USED
    if not settings.ALLOW_RESERVED_IPV4:
        columns |= Column.NEVER_UNLESS_ALLOWED
    for never in (row.cidr for row in TABLE if row.columns & columns):
        first, last = (IPAddress(end, never.version) for end in (never.first, never.last))
        holding = [IPAddress(one.first, one.version) for one in never.supernet()]
        for free in free_blocks.filter(Q(first__in=holding) | Q(first__gte=first, first__lte=last)):
            cidr = IPNetwork((free.first.value, free.length), version=never.version)
            left = cidr_exclude(cidr, never)
            if left == [cidr]:
                continue
            columns_of_it = {"network_id": free.network_id, "prefix_id": free.prefix_id, "family": free.family}
            free.delete()
            free_blocks.bulk_create(
                free_blocks.model(
                    namespace_id=free.namespace_id,
                    first=IPAddress(part.first, part.version),
                    length=part.prefixlen,
                    **columns_of_it,
                )
                for part in left
            )


class Migration(migrations.Migration):
    dependencies = [("ipam", "0010_vacuum")]

    operations = [migrations.RunPython(leave_out_of_free_space, migrations.RunPython.noop, elidable=True)]
