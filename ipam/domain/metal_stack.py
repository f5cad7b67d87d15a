"""Documents of metal-stack: the partitions, projects, networks and addresses that `metalctl` reads and writes.

Text becomes values here, and every fault of the text is kept with its place, such as `networks[2] "internet"`.
Nothing is stored; `ipam.domain.metal_stack_import` does that.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import yaml
from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family, parse_address, parse_cidr, shorten
from ipam.models import IPAddress
from ipam.models.networks import NatType, NetworkType

V = TypeVar("V")
Labels = Mapping[str, str]
# Stand where a value could not be read; an entry that holds them is broken and goes no further.
_NO_UUID, _NO_ADDRESS = UUID(int=0), Address(0, 4)


@dataclass(frozen=True, kw_only=True)
class PartitionEntry:
    place: str
    id: str
    name: str
    description: str
    labels: Labels


@dataclass(frozen=True, kw_only=True)
class ProjectEntry:
    place: str
    id: UUID
    name: str
    tenant: str
    description: str
    labels: Labels


@dataclass(frozen=True, kw_only=True)
class NetworkEntry:
    place: str
    id: str
    name: str
    description: str
    labels: Labels
    type: str
    partition: str
    project: str
    vrf: int | None
    vrf_shared: bool
    nat_type: str
    prefixes: list[IPNetwork]
    destination_prefixes: list[IPNetwork]
    default_child_prefix_length: dict[Family, int]
    additional_announcable_cidrs: list[IPNetwork]


@dataclass(frozen=True, kw_only=True)
class AddressEntry:
    place: str
    address: Address
    network: str
    project: str
    type: str
    name: str
    description: str
    labels: Labels


@dataclass
class Document:
    """The entries that could be read, and what is wrong with the others.

    `named` holds every partition, project and network that the text has, readable or not, as (section, id).
    """

    partitions: list[PartitionEntry] = field(default_factory=list)
    projects: list[ProjectEntry] = field(default_factory=list)
    networks: list[NetworkEntry] = field(default_factory=list)
    ips: list[AddressEntry] = field(default_factory=list)
    named: set[tuple[str, str]] = field(default_factory=set)
    broken: list[errors.IpamError] = field(default_factory=list)


def parse(text: str) -> Document:
    """Read a document; what is wrong with it is in its `broken`."""
    document = Document()
    try:
        raw = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        where = " ".join(str(error).split())
        document.broken.append(errors.Invalid(f"This is not YAML: {shorten(where, 200)}."))
        return document
    if not isinstance(raw, dict):
        document.broken.append(errors.Invalid(f"A document has the keys {', '.join(_SECTIONS)}, each with a list."))
        return document
    for section in [key for key in raw if key not in _SECTIONS]:
        document.broken.append(
            errors.UnknownField(f"“{shorten(section)}” is no known key; there are {', '.join(_SECTIONS)}.")
        )
    for section in _SECTIONS:
        _parse_section(document, section, raw.get(section) or [])
    return document


def _parse_section(document: Document, section: str, entries: Any) -> None:
    if not isinstance(entries, list):
        document.broken.append(errors.Invalid(f"“{section}” is a list."))
        return
    for position, raw in enumerate(entries):
        if not isinstance(raw, dict):
            document.broken.append(errors.Invalid(f"{section}[{position}]: it has to be an object with keys."))
            continue
        name = raw.get("id") or raw.get("ipaddress") or raw.get("name") or ""
        reader = _Reader(f"{section}[{position}] “{shorten(name)}”" if name else f"{section}[{position}]", raw)
        entry = _SECTIONS[section](reader)
        reader.refuse_unknown_keys()
        document.named.add((section, str(raw.get("id"))))
        if reader.broken:
            document.broken += reader.broken
        else:
            getattr(document, section).append(entry)


class _Reader:
    """Takes the values of one entry, keeps what is wrong with them, and knows which keys nobody asked for."""

    def __init__(self, place: str, raw: Mapping[Any, Any]) -> None:
        self.place = place
        self.broken: list[errors.IpamError] = []
        self._raw = raw
        self._known: set[str] = set()

    def take(self, key: str, convert: Callable[[Any], V], default: V) -> V:
        """The value of a key; the default if it is missing or cannot be converted."""
        self._known.add(key)
        value = self._raw.get(key)
        if value is None:
            return default
        try:
            return convert(value)
        except ValueError as error:
            self.refuse(errors.Invalid, f"{key}: {error}")
            return default

    def text(self, key: str) -> str:
        return self.take(key, _text, "")

    def needed(self, key: str) -> str:
        """Text that must not be missing."""
        value = self.text(key)
        if not value and self._raw.get(key) in (None, ""):
            self.refuse(errors.Required, f"“{key}” is missing.")
        return value

    def refuse(self, kind: type[errors.IpamError], detail: str) -> None:
        self.broken.append(kind(f"{self.place}: {detail}"))

    def refuse_unknown_keys(self) -> None:
        for key in [key for key in self._raw if key not in self._known]:
            self.refuse(errors.UnknownField, f"“{shorten(key)}” is no known key. Correct it, or take it out.")


def _partition(reader: _Reader) -> PartitionEntry:
    return PartitionEntry(
        place=reader.place,
        id=reader.needed("id"),
        name=reader.text("name"),
        description=reader.text("description"),
        labels=reader.take("labels", _labels, {}),
    )


def _project(reader: _Reader) -> ProjectEntry:
    reader.needed("id")
    return ProjectEntry(
        place=reader.place,
        id=reader.take("id", _uuid, _NO_UUID),
        name=reader.text("name"),
        tenant=reader.text("tenantid"),
        description=reader.text("description"),
        labels=reader.take("labels", _labels, {}),
    )


def _network(reader: _Reader) -> NetworkEntry:
    is_super = reader.take("privatesuper", _flag, False)
    is_underlay = reader.take("underlay", _flag, False)
    if is_super and is_underlay:
        reader.refuse(errors.Invalid, "it is privatesuper or underlay, not both.")
    if reader.text("parentnetworkid"):
        reader.refuse(errors.Invalid, "child networks (parentnetworkid) cannot be imported yet. Take it out.")
    return NetworkEntry(
        place=reader.place,
        id=reader.needed("id"),
        name=reader.text("name"),
        description=reader.text("description"),
        labels=reader.take("labels", _labels, {}),
        type=NetworkType.SUPER if is_super else NetworkType.UNDERLAY if is_underlay else NetworkType.EXTERNAL,
        partition=reader.text("partitionid"),
        project=reader.text("projectid"),
        vrf=reader.take("vrf", _number, None),
        vrf_shared=reader.take("vrfshared", _flag, False),
        nat_type=NatType.IPV4_MASQUERADE if reader.take("nat", _flag, False) else NatType.NONE,
        prefixes=reader.take("prefixes", _cidrs, []),
        destination_prefixes=reader.take("destinationprefixes", _cidrs, []),
        default_child_prefix_length=reader.take("defaultchildprefixlength", _lengths, {}),
        additional_announcable_cidrs=reader.take("additionalAnnouncableCIDRs", _cidrs, []),
    )


def _address(reader: _Reader) -> AddressEntry:
    reader.needed("ipaddress")
    return AddressEntry(
        place=reader.place,
        address=reader.take("ipaddress", _one_address, _NO_ADDRESS),
        network=reader.needed("networkid"),
        project=reader.needed("projectid"),
        type=reader.take("type", _type, str(IPAddress.Type.EPHEMERAL)),
        name=reader.text("name"),
        description=reader.text("description"),
        labels=reader.take("tags", _tags, {}),
    )


_SECTIONS: dict[str, Callable[[_Reader], Any]] = {
    "partitions": _partition,
    "projects": _project,
    "networks": _network,
    "ips": _address,
}


# Each of these turns a value of YAML into one of ours, or says in a ValueError what it should have been.
def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"“{shorten(value)}” is no text; put it in quotes.")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"“{shorten(value)}” is neither true nor false.")
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"“{shorten(value)}” is no number.")
    return value


def _uuid(value: Any) -> UUID:
    try:
        return UUID(_text(value))
    except ValueError:
        raise ValueError(f"“{shorten(value)}” is no UUID.") from None


def _type(value: Any) -> str:
    if value not in IPAddress.Type.values:
        raise ValueError(f"“{shorten(value)}” is neither ephemeral nor static.")
    return str(value)


def _one_address(value: Any) -> Address:
    return parse_address(_text(value))


def _list(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise ValueError(f"“{shorten(value)}” is no list.")
    return [_text(element) for element in value]


def _cidrs(value: Any) -> list[IPNetwork]:
    return [parse_cidr(text) for text in _list(value)]


def _labels(value: Any) -> Labels:
    if not isinstance(value, dict):
        raise ValueError(f"“{shorten(value)}” is no object of texts.")
    return {_text(key): _text(text) for key, text in value.items()}


def _tags(value: Any) -> Labels:
    """Tags are written `key=value`, or `key` alone."""
    parts = [tag.partition("=") for tag in _list(value)]
    return {key: text for key, _, text in parts}


def _lengths(value: Any) -> dict[Family, int]:
    by_label = {family.label: family for family in Family}
    if not isinstance(value, dict) or not value.keys() <= by_label.keys():
        raise ValueError(f"“{shorten(value)}” has to have the keys IPv4 and IPv6, each with a prefix length.")
    return {by_label[label]: _number(length) for label, length in value.items()}
