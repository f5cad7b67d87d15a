"""What is there already has to be as the document says: every value that differs is told from both sides."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Model
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.networks.batch_rules import Named
from ipam.models import IPAddress, Machine, Network
from ipam.values import parse_cidr

_MOST_SHOWN = 120  # characters of a value


def refuse_other(stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """AlreadyExists when a wanted value is another than the stored one."""
    differing = [
        f"{name} is {_shown(stored[name])} here and {_shown(value)} there"
        for name, value in wanted.items()
        if stored[name] != value
    ]
    if differing:
        raise errors.AlreadyExists(
            f"it exists with other values: {', '.join(differing)}. Change it here or in the document, so that both "
            "agree."
        )


def refuse_other_network(found: Network, wanted: Mapping[str, Any]) -> None:
    """The same for a network. The order of CIDRs says nothing, and a child that names no VRF may have any."""
    cidrs = {
        "prefixes": [prefix.cidr for prefix in found.prefixes.all()],
        "destination_prefixes": map(parse_cidr, found.destination_prefixes),
        "additional_announcable_cidrs": map(parse_cidr, found.additional_announcable_cidrs),
    }
    stored = vars(found) | {name: _in_order(held) for name, held in cidrs.items()}
    stored |= {name: getattr(found, name) for name in ("partition", "project", "parent", "default_child_prefix_length")}
    stored["vrf"] = found.vrf_id
    said = {name: _in_order(value) if name in cidrs else value for name, value in wanted.items()}
    if found.is_child and said["vrf"] is None:
        del said["vrf"]
    refuse_other(stored, said)


def refuse_other_machine(found: Machine, wanted: Mapping[str, Any]) -> None:
    """The same for a machine; one that names no ASN has drawn one here."""
    said = {name: value for name, value in wanted.items() if (name, value) != ("asn", None)}
    refuse_other(vars(found) | {"project": found.project, "partition": found.partition}, said)


def refuse_other_address(found: IPAddress, named: Named, allocation: UUID | None) -> None:
    """The same for an address. One that has no machine yet may get one; `allocation` is what the document says."""
    stored: dict[str, Any] = {"network": found.network_id, "project": found.project_id, "machine": found.machine_id}
    wanted = {
        "network": named.network.pk,
        "project": named.project.pk,
        "machine": named.machine.pk if named.machine else None,
        "allocation": allocation or found.allocation,
        "type": named.type,
        "name": named.name,
        "description": named.description,
        "labels": named.labels,
    }
    if found.machine_id is None:
        del wanted["machine"]
    refuse_other(vars(found) | stored, wanted)


def _in_order(cidrs: Iterable[IPNetwork]) -> list[IPNetwork]:
    return sorted(cidrs, key=lambda cidr: (cidr.version, cidr.first, cidr.prefixlen))


def _shown(value: Any) -> str:
    """A value as text; of rows their id."""
    if isinstance(value, Model):
        return str(value.pk)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        value = [f"{key}={one}" for key, one in value.items()]
    if isinstance(value, list):
        return shorten(", ".join(map(str, value)), _MOST_SHOWN) or "none"
    return shorten(value, _MOST_SHOWN) if value not in (None, "") else "none"
