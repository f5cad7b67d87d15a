"""What a document of metal-stack holds, as rows of the kinds that tables have."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import count
from typing import Any
from uuid import UUID

from ipam.domain.core import bulk_insert, lookups
from ipam.domain.files.kinds import ADDRESSES, MACHINES, NETWORKS, PARTITIONS, PROJECTS, Kind
from ipam.domain.files.outcomes import Existing, Parsed
from ipam.domain.files.references import MissingReference
from ipam.domain.moving.metal_stack.entries import (
    AddressEntry,
    Document,
    NetworkEntry,
    PartitionEntry,
    ProjectEntry,
)
from ipam.domain.networks.address_batches import MOST
from ipam.models import IPAddress, Machine, Network, Project
from ipam.models.networks import CHILD_TYPES, NetworkType

Values = dict[str, Any]


class Rows:
    """The rows of a document, each of which has to be as what is there already.

    Addresses may come before their machines, and join them later: when they are read again, or when a machine that
    comes claims them. `remarks` are what drift tells, unless somebody has told it already.
    """

    def __init__(self, document: Document, *, remarks: Sequence[str] = ()) -> None:
        self._document, self._remarks = document, remarks

    def __len__(self) -> int:
        """How many entries could be read."""
        found = self._document
        owners = len(found.partitions) + len(found.projects)
        return owners + len(found.networks) + len(found.machines) + len(found.ips)

    def sections(self) -> Iterator[tuple[Kind | None, Iterable[Parsed]]]:
        """Rows by kind, in the order in which they refer to each other; what could not be read is told before."""
        places = count(1)
        broken: dict[str, list[Parsed]] = {}
        for one in self._document.broken:
            row = Parsed(next(places) if one.place else 0, {}, one.errors, {"id": one.id}, name=one.place)
            broken.setdefault(one.section, []).append(row)
        yield None, broken.get("", [])
        found = self._document
        for section, kind, rows in (
            ("partitions", PARTITIONS, map(_owner, found.partitions)),
            ("projects", PROJECTS, map(_owner, found.projects)),
            ("networks", NETWORKS, map(_network, found.networks)),
            ("machines", MACHINES, self._machines()),
            ("ips", ADDRESSES, self._addresses()),
            ("claims", ADDRESSES, self._claimed()),
        ):
            yield kind, broken.get(section, [])
            yield kind, (_parsed(next(places), *row) for row in rows)

    def not_kept(self) -> Iterable[str]:
        """What drift tells."""
        return self._remarks

    def _machines(self) -> Iterator["Row"]:
        """Firewalls are in the underlay without naming it."""
        stored = Network.objects.filter(type=NetworkType.UNDERLAY).values_list("pk", flat=True)
        underlays = {*stored, *(one.id for one in self._document.networks if one.type == NetworkType.UNDERLAY)}
        for entry in self._document.machines:
            values = _said(MACHINES, entry)
            if entry.asn is None:
                del values["asn"]  # one is drawn
            if entry.role == Machine.Role.FIREWALL:
                values["networks"] = [one for one in entry.networks if one not in underlays]
            yield entry.place, values, []

    def _addresses(self) -> Iterator["Row"]:
        for batch in bulk_insert.batches(self._document.ips, MOST):
            named = {entry.machine for entry in batch if entry.machine}
            here = set(Machine.objects.filter(pk__one_of=named).values_list("pk", flat=True))
            for entry in batch:
                values = {**_said(ADDRESSES, entry), "ip": entry.address}
                if entry.allocation is None:
                    del values["allocation"]
                left_out = []
                if entry.machine not in here:
                    values["machine"] = None
                    if ("machines", entry.machine) in self._document.named:
                        left_out = [_without_machine(entry)]
                yield entry.place, values, left_out

    def _claimed(self) -> Iterator["Row"]:
        """Addresses that machines say they have, and that are here without a machine, but not in the document."""
        said = {(one.network, one.address) for one in self._document.ips}
        claims = ((one, claim) for one in self._document.machines for claim in one.claims if claim not in said)
        for batch in bulk_insert.batches(claims, MOST):
            claimants = {claim: machine for machine, claim in batch}
            here = Machine.objects.in_bulk({machine.id for machine, _ in batch})
            for one in IPAddress.objects.filter(machine=None, address__one_of={claim[1] for _, claim in batch}):
                machine = claimants.get((one.network_id, one.address))
                if machine is not None and machine.id in here:
                    yield machine.place, {"id": one.pk, "ip": one.address, "machine": machine.id}, []


Row = tuple[str, Values, list[MissingReference]]  # its name, its values, and what is left out of it


def _parsed(place: int, name: str, values: Mapping[str, Any], left_out: list[MissingReference]) -> Parsed:
    return Parsed(place, values, name=name, existing=Existing.COMPARE, left_out=left_out)


def _owner(entry: PartitionEntry | ProjectEntry) -> Row:
    kind = PARTITIONS if isinstance(entry, PartitionEntry) else PROJECTS
    return entry.place, {"id": entry.id} if entry.is_implied else _said(kind, entry), []


def _network(entry: NetworkEntry) -> Row:
    """The order of families says nothing. A child without VRF or partition has any, or its parent's."""
    values = _said(NETWORKS, entry)
    values["prefixes"] = sorted(entry.prefixes, key=lambda cidr: cidr.version)
    if entry.type in CHILD_TYPES:
        values = {name: one for name, one in values.items() if one is not None or name not in ("vrf", "partition")}
    else:
        values["parent"] = None
    return entry.place, values, []


def _said(kind: Kind, entry: Any) -> Values:
    """The fields of an entry by the columns of its kind, whose references are ids or nothing."""
    values = {name: getattr(entry, name) for name in kind.names if hasattr(entry, name)}
    for name in ("partition", "parent", "machine", "project"):
        if name in values:
            values[name] = (_project(values[name]) if name == "project" else values[name]) or None
    return values


@lru_cache(maxsize=10_000)
def _project(id: str) -> UUID | str:
    """The id of a project; one that is no UUID is the id of nothing."""
    return UUID(id) if lookups.is_id(Project, id) else id


def _without_machine(entry: AddressEntry) -> MissingReference:
    return MissingReference("machine", entry.machine, field="machine", was_refused=True, is_left_out=True)
