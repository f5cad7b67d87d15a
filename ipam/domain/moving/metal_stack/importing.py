"""Bring what metal-stack knows into Twofold: through the operations of the domain, all of it or what is not refused."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

from django.db import models
from netaddr import IPAddress as Address

from ipam import errors
from ipam.domain.core import access, bulk_insert, history, lookups
from ipam.domain.core.bulk_insert import Advance
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Deed
from ipam.domain.moving.metal_stack import comparison
from ipam.domain.moving.metal_stack.absent import Absent, Left
from ipam.domain.moving.metal_stack.entries import (
    AddressEntry,
    Document,
    MachineEntry,
    NetworkEntry,
    PartitionEntry,
    ProjectEntry,
)
from ipam.domain.networks import address_batches, children, machines, networks, partitions, projects
from ipam.domain.networks.batch_rules import Named
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.networks.network_fields import NewNetwork
from ipam.models import IPAddress, Machine, Network, Partition, Project
from ipam.models.events import Kind, Verb
from ipam.models.networks import CHILD_TYPES

CREATED, EXTENDED, UNCHANGED, JOINED = "created", "extended", "unchanged", "joined"
M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True)
class Outcome:
    """What became of an entry: of which kind it is, its id or address, and its new state.

    `joined` is an address that was there and has its machine now, which came later; `extended` a super network of an
    earlier import that has more prefixes now.
    """

    kind: str
    id: str
    state: str


@dataclass(frozen=True)
class Result:
    """What was brought in, what was refused, and what of the rest could not be kept.

    Refused entries that others need take those with them.
    """

    outcomes: list[Outcome]
    refused: list[errors.IpamError]
    not_kept: list[str] = field(default_factory=list)


@operation
def bring_in(document: Document, advance: Advance = lambda entries: None) -> list[Outcome]:
    """Create what the document names and is not there yet; what is there already and equal is left alone.

    Everything that is wrong, in the text or with the state of the world, is raised together, and then nothing is
    kept. An entry that exists with other values is an error that names them. Addresses that came before their machines
    join them.
    """
    result = _bring_in(document, advance)
    errors.raise_all(result.refused)
    return result.outcomes


@operation
def bring_in_what_fits(document: Document, advance: Advance = lambda entries: None) -> Result:
    """The same, but what is refused is told and left out."""
    return _bring_in(document, advance)


def _bring_in(document: Document, advance: Advance) -> Result:
    access.demand(Deed.OPERATE)
    run = _Run(document)
    with history.as_one_event(Verb.IMPORT):
        for section, entries, bring in run.steps():
            for entry in entries:
                run.attempt(section, bring, entry)
            advance(len(entries))
        for batch in bulk_insert.batches(document.ips, address_batches.MOST):
            run.bring_addresses(batch)
            advance(len(batch))
        for claims in bulk_insert.batches(run.claims(), address_batches.MOST):
            run.join_claimed(claims)
        record_import(run.outcomes)
    return Result(run.outcomes, [*run.refused, *run.left.told(document.named)])


def record_import(outcomes: Iterable[Outcome]) -> None:
    """One event for all that was created or changed, which the timelines of these networks and addresses show."""
    done = [outcome for outcome in outcomes if outcome.state != UNCHANGED]
    ids: dict[str, list[str]] = {}
    for outcome in done:
        if outcome.state == CREATED:
            ids.setdefault(outcome.kind, []).append(outcome.id)
    if done:
        made = {kind: [[], made] for kind, made in ids.items()}
        history.write(Verb.IMPORT, Kind.INSTALLATION, count=len(done), changes=made)


def count(document: Document) -> int:
    """How many entries there are to bring in."""
    sections = document.partitions, document.projects, document.networks, document.machines, document.ips
    return sum(len(entries) for entries in sections)


class _Run:
    """One document on its way in."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.refused = list(document.broken)
        self.left = Left()
        self.outcomes: list[Outcome] = []
        self._known: dict[tuple[str, str], Any] = {}

    def steps(self) -> list[tuple[str, Sequence[Any], Callable[[Any], Outcome]]]:
        """What others refer to comes first, and what names its VRF or ASN before what draws one."""
        roots = [one for one in self._document.networks if not one.parent]
        carved = sorted((one for one in self._document.networks if one.parent), key=lambda one: one.vrf is None)
        return [
            ("partitions", self._document.partitions, self._partition),
            ("projects", self._document.projects, self._project),
            ("networks", [*roots, *carved], self._network),
            ("machines", sorted(self._document.machines, key=lambda one: one.asn is None), self._machine),
        ]

    def attempt(self, section: str, bring: Callable[[Any], Outcome], entry: Any) -> None:
        """Bring in one entry; what refuses it is kept with its place, so that the next entry is judged too."""
        try:
            self.outcomes.append(bring(entry))
        except errors.Busy:
            raise
        except errors.IpamError as error:
            self._refuse(entry, error)
        except Absent as absent:
            self.left.out(section, str(entry.id), for_want_of=absent.place)

    def _refuse(self, entry: Any, error: errors.IpamError) -> None:
        self.refused += [type(one)(f"{entry.place}: {one.detail}", field=one.field) for one in error.errors]

    def _partition(self, entry: PartitionEntry) -> Outcome:
        wanted: dict[str, Any] = {"name": entry.name, "description": entry.description, "labels": entry.labels}
        return _owner("partition", Partition, entry, wanted, partitions.create)

    def _project(self, entry: ProjectEntry) -> Outcome:
        wanted: dict[str, Any] = {
            "name": entry.name,
            "tenant": entry.tenant,
            "description": entry.description,
            "labels": entry.labels,
        }
        return _owner("project", Project, entry, wanted, projects.create)

    def _network(self, entry: NetworkEntry) -> Outcome:
        is_child = entry.type in CHILD_TYPES
        wanted: dict[str, Any] = {
            "type": entry.type,
            "name": entry.name,
            "description": entry.description,
            "labels": entry.labels,
            "partition": self._find(Partition, entry.partition, "partitions"),
            "project": self._find(Project, entry.project, "projects"),
            "prefixes": sorted(entry.prefixes, key=lambda cidr: cidr.version),
            "destination_prefixes": entry.destination_prefixes,
            "default_child_prefix_length": entry.default_child_prefix_length,
            "additional_announcable_cidrs": entry.additional_announcable_cidrs,
            "vrf": entry.vrf,
            "vrf_shared": entry.vrf_shared,
            "nat_type": entry.nat_type,
        }
        if is_child:
            wanted["parent"] = self._find(Network, entry.parent, "networks")
            if wanted["parent"] and not entry.partition:
                wanted["partition"] = wanted["parent"].partition
        found = Network.objects.filter(pk=entry.id).first()
        if found is not None:
            comparison.refuse_other_network(found, wanted)
            return Outcome("network", entry.id, UNCHANGED)
        _create_network(entry, wanted) if is_child else networks.create(NewNetwork(id=entry.id, **wanted))
        return Outcome("network", entry.id, CREATED)

    def _machine(self, entry: MachineEntry) -> Outcome:
        joined = [self._find(Network, key, "networks") for key in entry.networks]
        wanted: dict[str, Any] = {
            "project": self._find(Project, entry.project, "projects"),
            "partition": self._find(Partition, entry.partition, "partitions"),
            "name": entry.name,
            "hostname": entry.hostname,
            "description": entry.description,
            "role": entry.role,
            "labels": entry.labels,
        }
        found = Machine.objects.filter(pk=entry.id).first()
        if found is not None:
            comparison.refuse_other_machine(found, {**wanted, "asn": entry.asn})
            return Outcome("machine", entry.id, UNCHANGED)
        attachments = [
            Attachment(network=one)
            for one in joined
            if one is not None and not (one.is_underlay and entry.role == Machine.Role.FIREWALL)
        ]
        machines.allocate(id=entry.id, networks=attachments, asn=entry.asn, with_addresses=False, **wanted)
        return Outcome("machine", entry.id, CREATED)

    def bring_addresses(self, entries: Sequence[AddressEntry]) -> None:
        """Addresses, by the thousand."""
        projects = {one.project for one in entries if lookups.is_id(Project, one.project)}
        known: dict[str, Mapping[str, Any]] = {
            "networks": Network.objects.in_bulk({one.network for one in entries}),
            "projects": {str(one.pk): one for one in Project.objects.filter(pk__in=projects)},
            "machines": Machine.objects.in_bulk({one.machine for one in entries if one.machine}),
        }
        stored = {
            (one.address, one.namespace_id): one
            for one in IPAddress.objects.filter(address__in={one.address for one in entries})
        }
        wanted: list[tuple[AddressEntry, Named]] = []
        joining: list[tuple[IPAddress, Machine]] = []
        for entry in entries:
            try:
                named = self._named(entry, known)
                found = stored.get((named.address, named.network.namespace_id))
                if found is None:
                    wanted.append((entry, named))
                    continue
                comparison.refuse_other_address(found, named, entry.allocation)
                if named.machine is not None and found.machine_id is None:
                    joining.append((found, named.machine))
                else:
                    self.outcomes.append(Outcome("address", str(entry.address), UNCHANGED))
            except errors.IpamError as error:
                self._refuse(entry, error)
            except Absent as absent:
                self.left.out("ips", str(entry.address), for_want_of=absent.place)
        refused = address_batches.take([named for _, named in wanted])
        for place, (entry, _) in enumerate(wanted):
            if place in refused:
                self._refuse(entry, refused[place])
            else:
                self.outcomes.append(Outcome("address", str(entry.address), CREATED))
        self._join(joining)

    def claims(self) -> Iterator[tuple[MachineEntry, str, Address]]:
        """Addresses that machines say they have, and that are not in the document: they may have come before."""
        said = {(one.network, one.address) for one in self._document.ips}
        for machine in self._document.machines:
            for network, address in machine.claims:
                if (network, address) not in said:
                    yield machine, network, address

    def join_claimed(self, claims: Sequence[tuple[MachineEntry, str, Address]]) -> None:
        """Those of the claimed addresses that are here without a machine."""
        machines_ = Machine.objects.in_bulk({machine.id for machine, _, _ in claims})
        claimant = {(network, address): machines_.get(machine.id) for machine, network, address in claims}
        free = IPAddress.objects.filter(machine=None, address__one_of={address for _, _, address in claims})
        held = [(one, claimant.get((one.network_id, one.address))) for one in free]
        self._join([(one, machine) for one, machine in held if machine is not None])

    def _join(self, joining: Sequence[tuple[IPAddress, Machine]]) -> None:
        refused = address_batches.join({address.pk: machine for address, machine in joining})
        for address, _ in joining:
            if error := refused.get(address.pk):
                self.refused.append(type(error)(f"{address}: {error.detail}", field=error.field))
            else:
                self.outcomes.append(Outcome("address", str(address), JOINED))

    def _named(self, entry: AddressEntry, known: Mapping[str, Mapping[str, Any]]) -> Named:
        references = {"networks": entry.network, "projects": entry.project.lower()}
        for section, id in references.items():
            if id not in known[section]:
                raise Absent(section, id)
        machine = known["machines"].get(entry.machine)
        if machine is None and ("machines", entry.machine) in self._document.named:
            self.left.without("ips", str(entry.address), lacking=("machines", entry.machine))
        return Named(
            address=entry.address,
            network=known["networks"][entry.network],
            project=known["projects"][references["projects"]],
            machine=machine,
            allocation=entry.allocation or uuid4(),
            type=entry.type,
            name=entry.name,
            description=entry.description,
            labels=entry.labels,
        )

    def _find(self, model: type[M], key: str, section: str) -> M | None:
        """What an entry refers to."""
        if not key:
            return None
        if (found := self._known.get((section, key))) is not None:
            return found  # type: ignore[no-any-return]
        try:
            return self._known.setdefault((section, key), lookups.get(model, key))  # type: ignore[no-any-return]
        except errors.NotFound:
            raise Absent(section, key) from None


def _owner(
    kind: str,
    model: type[Partition] | type[Project],
    entry: PartitionEntry | ProjectEntry,
    wanted: Mapping[str, Any],
    create: Callable[..., Any],
) -> Outcome:
    found = model._default_manager.filter(pk=entry.id).first()
    if found is not None:
        if not entry.is_implied:
            comparison.refuse_other(vars(found), wanted)
        return Outcome(kind, str(entry.id), UNCHANGED)
    create(id=entry.id, **wanted)
    return Outcome(kind, str(entry.id), CREATED)


def _create_network(entry: NetworkEntry, wanted: Mapping[str, Any]) -> None:
    """A child with the prefixes and the VRF that it has."""
    parent = wanted["parent"]
    if parent is not None and wanted["partition"] != parent.partition:
        raise errors.WrongPartition(
            f"it is in partition {entry.partition}, its parent in {parent.partition_id or 'none'}."
        )
    refused = [name for name in ("default_child_prefix_length", "additional_announcable_cidrs") if wanted[name]]
    errors.raise_all([errors.ForbiddenField(f"Child networks do not take “{name}”.", field=name) for name in refused])
    children.adopt(NewNetwork(id=entry.id, **{**wanted, "partition": None}))
