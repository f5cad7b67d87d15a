"""The fields of metal-stack's entries, by the columns of tables."""

from collections.abc import Callable, Iterable
from typing import Any

from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam import errors, tags
from ipam.addressing import Family, shorten
from ipam.domain.moving.metal_stack import values
from ipam.domain.moving.metal_stack.entries import ASN_TAG, MACHINE_TAG, NAT_TYPES, REPORTED, type_by_flags
from ipam.domain.moving.metal_stack.values import Reader
from ipam.labels import parse_labels
from ipam.models import IPAddress, Machine
from ipam.models.networks import CHILD_TYPES, NatType, NetworkType
from ipam.values import parse_address, parse_cidr, parse_number, parse_uuid

Values = dict[str, Any]  # by column
_OF_MACHINE = f"{MACHINE_TAG}="
_NO_ADDRESS = Address(0, 4)  # where none could be read; an entry that holds it is broken and goes no further


def _described(reader: Reader) -> Values:
    return {
        "id": reader.needed("id"),
        "name": reader.text("name"),
        "description": reader.text("description"),
        "labels": reader.take("labels", parse_labels, dict[str, str]()),
    }


def _project(reader: Reader) -> Values:
    """Tags and annotations are labels, as metal-api's `meta` has them here."""
    tenant = reader.text("tenantid") or reader.text("tenant_id")
    annotations = reader.take("annotations", parse_labels, dict[str, str]())
    more = tags.labels_of_project(reader.take("tags", values.tags, list[str]()), annotations)
    described = _described(reader)
    labels = {"labels": described["labels"] | more}
    return {**described, **labels, "id": reader.take("id", parse_uuid, None), "tenant": tenant}


def _network(reader: Reader) -> Values:
    """A child that names no VRF or partition has any, or its parent's."""
    prefixes: list[IPNetwork] = reader.take("prefixes", values.list_of(parse_cidr), [])
    families = {Family.of(cidr) for cidr in prefixes}
    type_ = _network_type(reader)
    is_child = type_ in CHILD_TYPES
    partition = reader.text("partitionid") or None
    vrf = reader.take("vrf", parse_number, None) or None
    parent = reader.text("parentnetworkid") or None
    return {
        **_described(reader),
        "type": type_,
        "project": values.project(reader.text("projectid")),
        "parent": parent if is_child else None,
        "vrf_shared": reader.take("vrfshared", values.flag, False),
        "nat_type": _nat_type(reader),
        "prefixes": sorted(prefixes, key=lambda cidr: cidr.version),
        "destination_prefixes": reader.take("destinationprefixes", values.list_of(parse_cidr), []),
        "default_child_prefix_length": reader.take(
            "defaultchildprefixlength", values.lengths(families), dict[Family, int]()
        ),
        "additional_announcable_cidrs": reader.take("additionalAnnouncableCIDRs", values.list_of(parse_cidr), []),
        **({"partition": partition} if partition or not is_child else {}),
        **({"vrf": vrf} if vrf or not is_child else {}),
    }


def _network_type(reader: Reader) -> str:
    """The type where it is said (newer), else what follows from the flags (older)."""
    flags = {name: reader.take(name, values.flag, False) for name in ("privatesuper", "underlay", "shared")}
    said = reader.take("networktype", values.one_of(NetworkType.values), "")
    try:
        meant = type_by_flags(is_child=bool(reader.text("parentnetworkid")), **flags)
    except ValueError as error:
        reader.refuse(errors.Invalid, str(error))
        meant = NetworkType.SUPER
    return said or meant


def _nat_type(reader: Reader) -> str:
    is_nat = reader.take("nat", values.flag, False)
    said = reader.take("nattype", values.one_of([*NatType.values, *NAT_TYPES]), "")
    return str(NAT_TYPES.get(said, said)) or (NatType.IPV4_MASQUERADE if is_nat else NatType.NONE)


def _address(reader: Reader) -> Values:
    reader.needed("ipaddress")
    said: list[str] = reader.take("tags", values.tags, [])
    of_machine = [tag for tag in said if tag.startswith(_OF_MACHINE) and tag != _OF_MACHINE]
    machines = [tag.removeprefix(_OF_MACHINE) for tag in of_machine]
    if len(machines) > 1:
        detail = f"its tags name the machines {shorten(', '.join(machines))}; an address has one. Correct them."
        reader.refuse(errors.Invalid, detail)
    labels, others = tags.split(set(said).difference(of_machine))
    allocation = reader.take("allocationuuid", values.allocation, None)
    return {
        "ip": reader.take("ipaddress", parse_address, _NO_ADDRESS),
        "network": reader.needed("networkid"),
        "project": values.project(reader.needed("projectid")),
        "machine": machines[0] if machines else None,
        "type": reader.take("type", values.one_of(IPAddress.Type.values), str(IPAddress.Type.EPHEMERAL)),
        "name": reader.text("name"),
        "description": reader.text("description"),
        "labels": labels,
        "tags": others,
        **({"allocation": allocation} if allocation else {}),
    }


def _machine(reader: Reader) -> Values:
    """What was allocated; hardware belongs to other systems. One that names no ASN draws one."""
    partition: dict[str, Any] = reader.take("partition", values.part, {})
    said: list[str] = reader.take("tags", values.tags, [])
    inner = Reader(reader.take("allocation", values.part, {}))
    parts: list[dict[str, Any]] = inner.take("networks", values.list_of(values.part), [])
    joined = [Reader(one) for one in parts]
    tagged = [Reader({"asn": value}) for key, value in map(tags.cut, said) if key == ASN_TAG]
    networks = [one.text("networkid") for one in joined]
    if "" in networks:
        inner.refuse(errors.Required, "one of its networks has no “networkid”. Add it, or take the network out.")
    site = reader.text("partitionid") or str(partition.get("id") or "")
    if not site:
        reader.refuse(errors.Required, "“partitionid” is missing.")
    asn = _asn(inner, [*joined, *tagged])
    found = {
        "id": reader.needed("id"),
        "name": inner.text("name") or reader.text("name"),
        "hostname": inner.text("hostname"),
        "description": inner.text("description") or reader.text("description"),
        "partition": site,
        "project": values.project(inner.needed("project")),
        "role": inner.take("role", values.one_of(Machine.Role.values), str(Machine.Role.MACHINE)),
        "networks": networks,
        REPORTED: [(one.text("networkid"), address) for one in joined for address in _addresses(one)],
        "labels": reader.labels(said),
        **({"asn": asn} if asn is not None else {}),
    }
    reader.broken += [error for one in [inner, *joined, *tagged] for error in one.broken]
    return found


def _addresses(network: Reader) -> list[Address]:
    return network.take("ips", values.list_of(parse_address), [])


def _asn(machine: Reader, said: Iterable[Reader]) -> int | None:
    """The ASN on which all agree that name one; each network of a machine has it again, and a tag."""
    asns = sorted({one.take("asn", parse_number, 0) for one in said} - {0})
    if len(asns) > 1:
        found = shorten(", ".join(map(str, asns)))
        machine.refuse(errors.Invalid, f"its networks and tags name the ASNs {found}; a machine has one. Correct them.")
    return asns[0] if len(asns) == 1 else None


SECTIONS: dict[str, Callable[[Reader], Values]] = {
    "partitions": _described,
    "projects": _project,
    "networks": _network,
    "machines": _machine,
    "ips": _address,
}
