"""What is stored as a document of metal-stack, which `import_metal_stack` reads."""

from collections.abc import Iterator
from typing import Any

import yaml
from django.db.models import F, Q

from ipam import tags
from ipam.domain.core import access
from ipam.domain.core.operations import snapshot
from ipam.domain.core.permissions import Permission
from ipam.domain.core.yaml_words import Dumper
from ipam.domain.moving.metal_stack.entries import MACHINE_TAG, NAT_TYPES
from ipam.models import IPAddress, Machine, MachineNetwork, Network, Partition, Project
from ipam.models.networks import NatType, NetworkType, Stack

_CHUNK = 2_000
_NAT = {ours: theirs for theirs, ours in NAT_TYPES.items()}
Row = dict[str, Any]


def lines() -> Iterator[str]:
    """The document, entry by entry, of one moment. Its first lines say what this form cannot hold."""
    access.require(Permission.READ)
    with snapshot():
        yield from _losses()
        for section, rows in (
            ("partitions", (_described(one) for one in Partition.objects.order_by("pk"))),
            ("projects", (_described(one) | {"tenantid": one.tenant} for one in Project.objects.order_by("pk"))),
            ("networks", _networks()),
            ("machines", _machines()),
            ("ips", _addresses()),
        ):
            yield f"{section}:\n"
            for row in rows:
                filled = {key: value for key, value in row.items() if value not in (None, "", [], {})}
                yield yaml.dump([filled], Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1_000_000)


def _losses() -> Iterator[str]:
    lossy = {
        "networks have a minimum child prefix length": Q(min_child_length_ipv4__isnull=False)
        | Q(min_child_length_ipv6__isnull=False),
        "networks have a stack of one family": ~Q(stack=Stack.DUAL),
    }
    for what, condition in lossy.items():
        if count := Network.objects.filter(condition).count():
            yield f"# Not in this form: {count:,} {what}.\n"
    if count := IPAddress.objects.exclude(shared="").count():
        yield f"# Not in this form: {count:,} addresses are shared.\n"


def _described(one: Any) -> Row:
    return {"id": str(one.pk), "name": one.name, "description": one.description, "labels": one.labels}


def _networks() -> Iterator[Row]:
    """Supers before their children."""
    rows = Network.objects.prefetch_related("prefixes").order_by(F("parent").asc(nulls_first=True), "pk")
    for one in rows.iterator(chunk_size=_CHUNK):
        yield _described(one) | {
            "networktype": one.type,
            "privatesuper": one.type == NetworkType.SUPER or None,
            "underlay": one.is_underlay or None,
            "shared": one.is_shared_child or None,
            "partitionid": one.partition_id,
            "projectid": str(one.project_id or ""),
            "parentnetworkid": one.parent_id,
            "vrf": one.vrf_id,
            "vrfshared": one.vrf_shared or None,
            "nat": one.nat_type == NatType.IPV4_MASQUERADE or None,
            "nattype": _NAT[NatType(one.nat_type)],
            "prefixes": [
                str(prefix) for prefix in sorted(one.prefixes.all(), key=lambda prefix: (prefix.family, prefix.pk))
            ],
            "destinationprefixes": one.destination_prefixes,
            "defaultchildprefixlength": {
                family.label: length for family, length in one.default_child_prefix_length.items()
            },
            "additionalAnnouncableCIDRs": one.additional_announcable_cidrs,
        }


def _machines() -> Iterator[Row]:
    rows = Machine.objects.prefetch_related("attachments", "addresses", "holdings__address").order_by("pk")
    for one in rows.iterator(chunk_size=_CHUNK):
        yield {
            "id": one.pk,
            "partition": {"id": one.partition_id},
            "tags": tags.joined(one.labels, ()),
            "allocation": {
                "name": one.name,
                "hostname": one.hostname,
                "description": one.description,
                "project": str(one.project_id),
                "role": one.role,
                "networks": [_joined(one, attachment) for attachment in one.attachments.all()],
            },
        }


def _joined(machine: Machine, attachment: MachineNetwork) -> Row:
    held = [one for one in machine.held if one.network_id == attachment.network_id]
    return {
        "networkid": attachment.network_id,
        "asn": machine.asn,
        "ips": [str(one.address) for one in sorted(held, key=lambda one: one.address)],
    }


def _addresses() -> Iterator[Row]:
    for one in IPAddress.objects.prefetch_related("holders").order_by("address", "pk").iterator(_CHUNK):
        machines = [f"{MACHINE_TAG}={key}" for key in one.machine_ids]
        yield {
            "ipaddress": str(one.address),
            "networkid": one.network_id,
            "projectid": str(one.project_id),
            "type": one.type,
            "name": one.name,
            "description": one.description,
            "allocationuuid": str(one.allocation),
            "tags": tags.joined(one.labels, [*one.tags, *machines]),
        }
