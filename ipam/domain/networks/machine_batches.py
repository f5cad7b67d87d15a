"""Machines that come from elsewhere, many together: those of which nothing is in the way of `machines.allocate`.

They are judged one by one in memory, by the rules of that, against what was read for all of them; written together.
They get no addresses: those follow.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import prefetch_related_objects

from ipam import errors
from ipam.domain.core import access, bulk_insert, history, states
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.domain.networks import batch_rules, ids, machine_rules, machines
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.space import number_pools
from ipam.domain.space.number_pools import ASN_BASE, Pool
from ipam.models import Machine, MachineNetwork, Network, Partition, Project
from ipam.models.events import Verb
from ipam.models.machines import new_machine_id
from ipam.models.networks import NetworkType


@dataclass(frozen=True, kw_only=True)
class NewMachine:
    """What is said about a machine that comes from elsewhere."""

    project: Project
    partition: Partition
    networks: Sequence[Attachment]
    role: str = Machine.Role.MACHINE
    id: str = ""
    name: str = ""
    hostname: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    asn: int | None = None


class Batch:
    """Machines that are made together, of all that are `wanted`, in that order."""

    def __init__(self, wanted: Sequence[NewMachine]) -> None:
        self._ids = ids.find_taken(Machine, [new.id for new in wanted])
        prefetch_related_objects([one.network for new in wanted for one in new.networks], "prefixes")
        partitions = {new.partition.pk for new in wanted}
        underlays = Network.objects.filter(type=NetworkType.UNDERLAY, partition__in=partitions)
        self._underlays = {one.partition_id: one for one in underlays}
        named = {new.asn for new in wanted if new.asn is not None and new.asn <= machines.HIGHEST_ASN}
        self._asns = set(Machine.objects.filter(asn__in=named).values_list("asn", flat=True))
        drawing = sum(new.asn is None for new in wanted)
        self._numbers = number_pools.Batch(Pool.ASN, [asn - ASN_BASE for asn in named], drawing)
        self._chosen: list[tuple[Machine, list[Network]]] = []

    def add(self, new: NewMachine, accept: Callable[[Machine], object]) -> Machine | None:
        """The machine that will be made; None if something is in its way, of which `machines.allocate` tells.

        `accept` may refuse it as well.
        """
        try:
            machine = self._validate(new)
            accept(machine)
        except (errors.IpamError, number_pools.PoolEmpty):
            return None
        if machine.pk.lower() in self._ids or machine.asn in self._asns:
            return None
        if not self._numbers.has(machine.asn - ASN_BASE):  # it has just gone, or somebody has just come: ask that again
            return None
        self._ids.add(machine.pk.lower())
        self._asns.add(machine.asn)
        self._numbers.take(machine.asn - ASN_BASE)
        joined = [attachment.network for attachment in new.networks]
        if machine.role == Machine.Role.FIREWALL and (underlay := self._underlays.get(machine.partition_id)):
            joined.append(underlay)
        self._chosen.append((machine, joined))
        return machine

    def store(self) -> None:
        """Make those that were added: all of them or, where the database refuses one, none."""
        _store(self._chosen, self._numbers)

    def _validate(self, new: NewMachine) -> Machine:
        """As `machines.allocate` does; nothing is taken yet."""
        access.require(Permission.ALLOCATE, new.project.pk)
        if new.id:
            ids.check_spelling(Machine, new.id)
        batch_rules.check_labels(new.labels)
        machine_rules.check(new.role, new.networks, new.project, new.partition)
        if new.role == Machine.Role.FIREWALL and (underlay := self._underlays.get(new.partition.pk)):
            access.require_own(underlay)
        if new.asn is not None:
            machines.check_asn(new.asn)
        return Machine(
            id=new.id or new_machine_id(),
            asn=ASN_BASE + self._numbers.lowest() if new.asn is None else new.asn,
            **{name: getattr(new, name) for name in Machine.texts},
            labels=dict(new.labels),
            project=new.project,
            partition=new.partition,
            role=new.role,
        )


@operation
def _store(chosen: Sequence[tuple[Machine, list[Network]]], numbers: number_pools.Batch) -> None:
    numbers.store()
    Machine.objects.bulk_create(machine for machine, _ in chosen)
    bulk_insert.bulk_insert(
        MachineNetwork,
        (
            MachineNetwork(machine=machine, network=network, position=position)
            for machine, joined in chosen
            for position, network in enumerate(joined)
        ),
    )
    made = [(machine, states.of(machine, networks=[one.pk for one in joined])) for machine, joined in chosen]
    history.record_made(Verb.ALLOCATE, made)
