"""What documents of metal-stack hold, as values. Every entry knows its place, such as `networks[2] "internet"`."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family

Labels = Mapping[str, str]
MACHINE_TAG = "machine.metal-stack.io/id"
ASN_TAG = "machine.metal-stack.io/network.primary.asn"


@dataclass(frozen=True, kw_only=True)
class PartitionEntry:
    place: str
    id: str
    name: str
    description: str
    labels: Labels
    is_implied: bool = False  # nothing is known of it but its id, because others name it


@dataclass(frozen=True, kw_only=True)
class ProjectEntry:
    place: str
    id: UUID
    name: str
    tenant: str
    description: str
    labels: Labels
    is_implied: bool = False


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
    parent: str
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
    machine: str
    allocation: UUID | None
    type: str
    name: str
    description: str
    labels: Labels


@dataclass(frozen=True, kw_only=True)
class MachineEntry:
    place: str
    id: str
    name: str
    hostname: str
    description: str
    partition: str
    project: str
    role: str
    asn: int | None
    networks: list[str]
    claims: list[tuple[str, Address]]  # the addresses that it says it has, each with its network
    labels: Labels


@dataclass(frozen=True)
class Broken:
    """An entry that could not be read, and why; without place and section for what is wrong with a whole text."""

    errors: list[errors.IpamError]
    section: str = ""
    place: str = ""
    id: str = ""


@dataclass
class Document:
    """The entries that could be read, and what is wrong with the others.

    `named` holds every entry with an id that the text has, by section and id; None where it could not be read.
    The id of an address is that of its network with it.
    `not_kept` counts, by what it is, what has no place here. `repeated` holds, by section and tag, what has that tag
    with several values.
    """

    partitions: list[PartitionEntry] = field(default_factory=list)
    projects: list[ProjectEntry] = field(default_factory=list)
    networks: list[NetworkEntry] = field(default_factory=list)
    machines: list[MachineEntry] = field(default_factory=list)
    ips: list[AddressEntry] = field(default_factory=list)
    named: dict[tuple[str, str], Any] = field(default_factory=dict)
    broken: list[Broken] = field(default_factory=list)
    not_kept: Counter[str] = field(default_factory=Counter)
    repeated: dict[tuple[str, str], list[str]] = field(default_factory=dict)
