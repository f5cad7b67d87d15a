"""Reading what metal-stack's tools write: text becomes values, and every fault of the text is kept with its place.

Three forms are read. A document has the keys partitions, projects, networks, machines and ips, and is strict: it was
written by hand. What `metalctl … list -o yaml` prints is a list, or a document per object, of one kind or several;
it has fields that have no place here, which are counted and told. So have the variables of metal-stack's deployment,
which call these lists metal_api_networks and so on. Nothing is stored; `rows` are what comes in.
"""

import io
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any, TextIO
from uuid import UUID

from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family, shorten
from ipam.domain.files import documents
from ipam.domain.moving.metal_stack import values
from ipam.domain.moving.metal_stack.entries import (
    ASN_TAG,
    MACHINE_TAG,
    AddressEntry,
    Broken,
    Document,
    MachineEntry,
    NetworkEntry,
    PartitionEntry,
    ProjectEntry,
)
from ipam.domain.moving.metal_stack.values import Reader
from ipam.models import IPAddress, Machine
from ipam.models.networks import NatType, NetworkType

# Stand where a value could not be read; an entry that holds them is broken and goes no further.
_NO_UUID, _NO_ADDRESS = UUID(int=0), Address(0, 4)
_TELLING: dict[str, set[str]] = {
    "ips": {"ipaddress"},
    "networks": {"prefixes", "parentnetworkid", "privatesuper"},
    "projects": {"meta", "tenant_id", "tenantid"},
    "machines": {"allocation", "partition", "liveliness"},
    "partitions": {"bootconfig", "mgmtserviceaddress"},
}
# What the variables of metal-stack's deployment call these lists: metal.yml of metal-stack/mini-lab and its likes.
_DEPLOYMENT = {
    "metal_api_partitions": "partitions",
    "metal_masterdata_api_projects": "projects",
    "metal_api_networks": "networks",
    "metal_api_ips": "ips",
}
_DESCRIBING = {"id", "name", "description", "labels", "changed", "created"}
# What the other side derives, as we do; its absence is no loss.
_DERIVED = {"usage", "consumption", "addressfamilies", "addressfamily"}


def parse(text: str) -> Document:
    """Read one text; what is wrong with it is in its `broken`, but Unreadable is raised."""
    return parse_all([nullcontext(io.StringIO(text))])


def parse_all(files: Iterable[AbstractContextManager[TextIO]]) -> Document:
    """Read several texts as one, such as the lists of networks, of addresses and of machines.

    Those that are Unreadable are raised together: what stands in them is not known, so the rest cannot be judged.
    """
    document = Document()
    positions: dict[str, int] = dict.fromkeys(_SECTIONS, 0)
    unreadable: list[errors.IpamError] = []
    for file in files:
        try:
            with file as text:
                found = documents.load_yaml(text)
        except documents.Unreadable as error:
            unreadable.append(error)
            continue
        for raw in found:
            if isinstance(raw, list) or _is_one_object(raw):
                _parse_listed(document, raw if isinstance(raw, list) else [raw], positions)
            elif isinstance(raw, dict) and not _DEPLOYMENT.keys().isdisjoint(raw):
                _parse_deployment(document, raw, positions)
            else:
                _parse_sections(document, raw)
    errors.raise_all(unreadable)
    if any(positions.values()):
        _add_implied(document)
    return document


def _refuse(document: Document, error: errors.IpamError) -> None:
    """What is wrong with a text as a whole."""
    document.broken.append(Broken([error]))


def _is_one_object(raw: Any) -> bool:
    return isinstance(raw, dict) and ("id" in raw or "ipaddress" in raw or "meta" in raw)


def _parse_sections(document: Document, raw: Any) -> None:
    if raw is not None and not isinstance(raw, dict):
        _refuse(document, errors.Invalid(f"A document has the keys {', '.join(_SECTIONS)}, each with a list."))
        return
    raw = raw or {}
    for section in [key for key in raw if key not in _SECTIONS]:
        detail = f"“{shorten(section)}” is no known key; there are {', '.join(_SECTIONS)}."
        _refuse(document, errors.UnknownField(detail))
    for section in _SECTIONS:
        entries = raw.get(section) or []
        if not isinstance(entries, list):
            _refuse(document, errors.Invalid(f"“{section}” is a list."))
            continue
        for position, entry in enumerate(entries):
            _parse_entry(document, section, position, entry, is_strict=True)


def _parse_listed(document: Document, listed: Iterable[Any], positions: dict[str, int]) -> None:
    """Objects of a list, each told by its fields; `positions` counts those of each section over all lists."""
    for number, raw in enumerate(listed, 1):
        if section := _section_of(raw):
            _parse_entry(document, section, positions[section], raw, is_strict=False)
            positions[section] += 1
        else:
            detail = f"Entry {number} of a list is none of {', '.join(_SECTIONS)}. Take it out."
            _refuse(document, errors.Invalid(detail))


def _parse_deployment(document: Document, variables: dict[str, Any], positions: dict[str, int]) -> None:
    """The variables that list objects; `positions` counts those of each section over all lists."""
    if others := len(variables.keys() - _DEPLOYMENT.keys()):
        document.not_kept["variables of the deployment"] += others
    for name, section in _DEPLOYMENT.items():
        entries = variables.get(name) or []
        if not isinstance(entries, list):
            detail = f"“{name}” is no list. If it is a template of Ansible, write out what it stands for."
            _refuse(document, errors.Invalid(detail))
            continue
        for raw in entries:
            _parse_entry(document, section, positions[section], raw, is_strict=False)
            positions[section] += 1


def _section_of(raw: Any) -> str:
    """The section of an object by the fields that only its kind has; empty if it is of no kind that we know."""
    if not isinstance(raw, dict):
        return ""
    for section, telling in _TELLING.items():
        if not telling.isdisjoint(raw):
            return section
    return "partitions" if "id" in raw and raw.keys() <= _DESCRIBING else ""


def _add_implied(document: Document) -> None:
    """Partitions and projects that listed objects name are made with them."""
    named: list[Any] = [*document.networks, *document.machines]
    for id in sorted({one.partition for one in named if one.partition}):
        if ("partitions", id) not in document.named:
            implied = PartitionEntry(
                place=f"partition “{id}”", id=id, name="", description="", labels={}, is_implied=True
            )
            document.named["partitions", id] = implied
            document.partitions.append(implied)
    for id in sorted({one.project.lower() for one in [*named, *document.ips] if one.project}):
        if ("projects", id) not in document.named:
            document.named["projects", id] = None
            reader = Reader({"id": id}, f"project “{shorten(id)}”")
            entry = _project(reader, is_implied=True)
            if reader.broken:
                document.broken.append(Broken(reader.broken, "projects", reader.place, id))
            else:
                document.projects.append(entry)


def _parse_entry(document: Document, section: str, position: int, raw: Any, *, is_strict: bool) -> None:
    if not isinstance(raw, dict):
        fault = errors.Invalid("it has to be an object with keys.")
        document.broken.append(Broken([fault], section, f"{section}[{position}]"))
        return
    if section == "projects" and isinstance(raw.get("meta"), dict):
        raw = {"id": raw["meta"].get("id"), **{key: value for key, value in raw.items() if key != "meta"}}
    if section == "machines" and not raw.get("allocation"):
        document.not_kept["machines without allocation"] += 1
        return
    name = raw.get("id") or raw.get("ipaddress") or raw.get("name") or ""
    reader = Reader(raw, f"{section}[{position}] “{shorten(name)}”" if name else f"{section}[{position}]")
    entry = _SECTIONS[section](reader)
    if is_strict:
        reader.refuse_unknown_keys()
    else:
        document.not_kept.update(f"“{key}” of {section}" for key in reader.unknown_keys() if key not in _DERIVED)
    key = section, _id(section, raw, entry)
    first = document.named.setdefault(key, None if reader.broken else entry)
    if first is not None and first is not entry and not reader.broken:
        if replace(entry, place=first.place) == first:
            return
        if section != "ips":  # an address of two owners is drift
            reader.refuse(errors.AlreadyExists, f"{first.place} has the same id and other values. Keep one of them.")
    for tag in reader.repeated:
        document.repeated.setdefault((section, tag), []).append(shorten(name))
    if reader.broken:
        document.broken.append(Broken(reader.broken, section, reader.place, str(name)))
    else:
        getattr(document, section).append(entry)


def _id(section: str, raw: dict[str, Any], entry: Any) -> str:
    """What tells an entry from the others of its section."""
    if section == "ips":
        return f"{entry.network} {entry.address}"
    return str(raw.get("id")).lower() if section == "projects" else str(raw.get("id"))


def _partition(reader: Reader) -> PartitionEntry:
    return PartitionEntry(
        place=reader.place,
        id=reader.needed("id"),
        name=reader.text("name"),
        description=reader.text("description"),
        labels=reader.take("labels", values.labels, {}),
    )


def _project(reader: Reader, *, is_implied: bool = False) -> ProjectEntry:
    reader.needed("id")
    return ProjectEntry(
        place=reader.place,
        id=reader.take("id", values.uuid, _NO_UUID),
        name=reader.text("name"),
        tenant=reader.text("tenantid") or reader.text("tenant_id"),
        description=reader.text("description"),
        labels=reader.take("labels", values.labels, {}),
        is_implied=is_implied,
    )


def _network(reader: Reader) -> NetworkEntry:
    prefixes: list[IPNetwork] = reader.take("prefixes", values.cidrs, [])
    families = {Family.of(cidr) for cidr in prefixes}
    return NetworkEntry(
        place=reader.place,
        id=reader.needed("id"),
        name=reader.text("name"),
        description=reader.text("description"),
        labels=reader.take("labels", values.labels, {}),
        type=_network_type(reader),
        partition=reader.text("partitionid"),
        project=reader.text("projectid"),
        parent=reader.text("parentnetworkid"),
        vrf=reader.take("vrf", values.number, None) or None,
        vrf_shared=reader.take("vrfshared", values.flag, False),
        nat_type=_nat_type(reader),
        prefixes=prefixes,
        destination_prefixes=reader.take("destinationprefixes", values.cidrs, []),
        default_child_prefix_length=reader.take("defaultchildprefixlength", values.lengths(families), {}),
        additional_announcable_cidrs=reader.take("additionalAnnouncableCIDRs", values.cidrs, []),
    )


def _network_type(reader: Reader) -> str:
    """The type where it is said (newer), else what follows from the flags (older)."""
    is_super = reader.take("privatesuper", values.flag, False)
    is_underlay = reader.take("underlay", values.flag, False)
    is_shared = reader.take("shared", values.flag, False)
    if is_super and is_underlay:
        reader.refuse(errors.Invalid, "it is privatesuper or underlay, not both.")
    said = reader.take("networktype", values.one_of(NetworkType.values), "")
    if said:
        return said
    if is_super or is_underlay:
        return NetworkType.SUPER if is_super else NetworkType.UNDERLAY
    if reader.text("parentnetworkid"):
        return NetworkType.CHILD_SHARED if is_shared else NetworkType.CHILD
    return NetworkType.EXTERNAL


def _nat_type(reader: Reader) -> str:
    is_nat = reader.take("nat", values.flag, False)
    said = reader.take("nattype", values.one_of(NatType.values), "")
    return said or (NatType.IPV4_MASQUERADE if is_nat else NatType.NONE)


def _address(reader: Reader) -> AddressEntry:
    reader.needed("ipaddress")
    tags: dict[str, list[str]] = reader.take("tags", values.tags, {})
    machines = tags.pop(MACHINE_TAG, [""])
    if len(machines) > 1:
        detail = f"its tags name the machines {shorten(', '.join(machines))}; an address has one. Correct them."
        reader.refuse(errors.Invalid, detail)
    return AddressEntry(
        place=reader.place,
        address=reader.take("ipaddress", values.address, _NO_ADDRESS),
        network=reader.needed("networkid"),
        project=reader.needed("projectid"),
        machine=machines[0],
        allocation=reader.take("allocationuuid", values.allocation, None),
        type=reader.take("type", values.one_of(IPAddress.Type.values), str(IPAddress.Type.EPHEMERAL)),
        name=reader.text("name"),
        description=reader.text("description"),
        labels=reader.labels(tags),
    )


def _machine(reader: Reader) -> MachineEntry:
    """What was allocated; hardware belongs to other systems."""
    partition: dict[str, Any] = reader.take("partition", values.part, {})
    tags: dict[str, list[str]] = reader.take("tags", values.tags, {})
    inner = Reader(reader.take("allocation", values.part, {}))
    parts: list[dict[str, Any]] = inner.take("networks", values.parts, [])
    joined = [Reader(one) for one in parts]
    tagged = [Reader({"asn": one}) for one in tags.get(ASN_TAG, [])]
    networks = [one.text("networkid") for one in joined]
    if "" in networks:
        inner.refuse(errors.Required, "one of its networks has no “networkid”. Add it, or take the network out.")
    site = reader.text("partitionid") or str(partition.get("id") or "")
    if not site:
        reader.refuse(errors.Required, "“partitionid” is missing.")
    entry = MachineEntry(
        place=reader.place,
        id=reader.needed("id"),
        name=inner.text("name") or reader.text("name"),
        hostname=inner.text("hostname"),
        description=inner.text("description") or reader.text("description"),
        partition=site,
        project=inner.needed("project"),
        role=inner.take("role", values.one_of(Machine.Role.values), str(Machine.Role.MACHINE)),
        asn=_asn(inner, [*joined, *tagged]),
        networks=networks,
        claims=[(one.text("networkid"), address) for one in joined for address in _addresses(one)],
        labels=reader.labels(tags),
    )
    reader.broken += [error for one in [inner, *joined, *tagged] for error in one.broken]
    return entry


def _addresses(network: Reader) -> list[Address]:
    return network.take("ips", values.addresses, [])


def _asn(machine: Reader, said: Iterable[Reader]) -> int | None:
    """The ASN on which all agree that name one; each network of a machine has it again, and a tag."""
    asns = sorted({one.take("asn", values.number, 0) for one in said} - {0})
    if len(asns) > 1:
        found = shorten(", ".join(map(str, asns)))
        machine.refuse(errors.Invalid, f"its networks and tags name the ASNs {found}; a machine has one. Correct them.")
    return asns[0] if len(asns) == 1 else None


_SECTIONS: dict[str, Callable[[Reader], Any]] = {
    "partitions": _partition,
    "projects": _project,
    "networks": _network,
    "machines": _machine,
    "ips": _address,
}
