"""The rules of addresses (21 to 26) for many of them at once, in a number of statements that does not grow with them.

What is refused is noted by the row's place; a row that is refused once is not judged again.
"""

import uuid
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Q
from netaddr import IPAddress as Address

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access, lookups
from ipam.domain.core.constraints import lasting
from ipam.domain.networks import address_rules
from ipam.domain.space import allocator, usable_space
from ipam.labels import label_fault
from ipam.models import IPAddress, Machine, MachineNetwork, Network, Prefix, Project

Refusals = dict[int, errors.IpamError]


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """An address that somebody wants, with the ids that it shall have."""

    address: Address
    network: Network
    project: Project
    machine: Machine | None = None
    beside: Sequence[Machine] = ()  # that share it with that one
    shared: str = ""
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    allocation: uuid.UUID = field(default_factory=uuid.uuid4)
    type: str = IPAddress.Type.EPHEMERAL
    name: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[str] = ()  # of metal-stack's: those that are no label
    prefix: str = ""  # the CIDR that it is believed to lie in; refused if it is another

    @property
    def machines(self) -> list[Machine]:
        return [self.machine, *self.beside] if self.machine else []


class KnownPrefixes:
    """The prefixes of some networks, found by address."""

    def __init__(self, networks: Iterable[Network]) -> None:
        self.of_network: dict[str, list[Prefix]] = defaultdict(list)
        by_key = {network.pk: network for network in networks}
        known = Prefix.objects.filter(network__in=by_key).defer("created_at", "updated_at", "generation")
        for prefix in known.order_by("first"):
            prefix.network = by_key[prefix.network_id]
            self.of_network[prefix.network_id].append(prefix)
        self._starts = {key: [_order(one.first) for one in held] for key, held in self.of_network.items()}
        self.texts = {prefix.pk: str(prefix) for held in self.of_network.values() for prefix in held}
        self.reserved = {prefix.pk: set(prefix.ends) for held in self.of_network.values() for prefix in held}

    def holding(self, network: Network, address: Address) -> Prefix | None:
        """The prefix of the network that the address lies in; those of one network are disjoint."""
        place = bisect_right(self._starts.get(network.pk, []), _order(address)) - 1
        prefix = self.of_network[network.pk][place] if place >= 0 else None
        return prefix if prefix is not None and _order(address) <= _order(prefix.last) else None


def _order(address: Address) -> tuple[int, int]:
    return address.version, address.value


def validate_owners(wanted: Sequence[Named], refused: Refusals) -> None:
    """Rule 21, and that an address of a machine is of its project and networks; each combination once."""
    joined = attachments(machine for one in wanted for machine in one.machines)
    known: dict[tuple[str, uuid.UUID, tuple[str, ...]], errors.IpamError | None] = {}
    for place, one in enumerate(wanted):
        key = one.network.pk, one.project.pk, tuple(machine.pk for machine in one.machines)
        if key not in known:
            known[key] = _violations_of_owner(one, joined)
        if (error := known[key]) is not None:
            refused.setdefault(place, error)
        elif fault := label_fault(one.labels):
            refused[place] = errors.Invalid(fault, field="labels")
        elif (unshared := _violation_of_sharing(one)) is not None:
            refused[place] = unshared


def _violations_of_owner(one: Named, joined: set[tuple[str, str]]) -> errors.IpamError | None:
    try:
        address_rules.check_may_take(one.network, one.project)
        for machine in one.machines:
            is_joined = (machine.pk, one.network.pk) in joined
            address_rules.check_machine(machine, one.network, one.project, is_joined=is_joined)
    except errors.IpamError as error:
        return error
    return None


def _violation_of_sharing(one: Named) -> errors.IpamError | None:
    """Rule 28e."""
    try:
        address_rules.check_shared(one.shared, one.type)
        address_rules.check_machines(one.address, one.shared, [machine.pk for machine in one.machines])
    except errors.IpamError as error:
        return error
    return None


def attachments(machines: Iterable[Machine]) -> set[tuple[str, str]]:
    """Which machine is in which network; no machine of them is released until the transaction ends."""
    keys = {machine.pk for machine in machines}
    if not keys:
        return set()
    lookups.lock_all(Machine.objects.filter(pk__one_of=keys).order_by("pk"), no_key=True)
    attachments = MachineNetwork.objects.filter(machine__in=keys)
    return set(attachments.values_list("machine_id", "network_id"))


def validate_ids_and_allocations(wanted: Sequence[Named], refused: Refusals) -> None:
    """An id is new. An allocation has one address of each family at most, all of one network and project."""
    seen: set[uuid.UUID] = set()
    held: dict[uuid.UUID, dict[int, tuple[str, uuid.UUID]]] = defaultdict(dict)
    same = Q(pk__one_of=[one.id for one in wanted]) | Q(allocation__one_of=[one.allocation for one in wanted])
    foreign: dict[uuid.UUID, IPAddress] = {}
    for half in lookups.lock_all(IPAddress.objects.filter(same).order_by("pk")):  # so that no release misses it
        seen.add(half.pk)
        held[half.allocation][half.family] = half.network_id, half.project_id
        foreign |= {half.allocation: half} if access.is_foreign(half) else {}
    for place, one in enumerate(wanted):
        if one.id in seen:
            detail = f"There is already an address with the id {one.id}. Leave the id out, or change that address."
            refused.setdefault(place, errors.AlreadyExists(detail, field="id"))
        seen.add(one.id)
        if place in refused:
            continue
        families, owner_ = held[one.allocation], (one.network.pk, one.project.pk)
        family = Family.of(one.address)
        if family in families:
            detail = f"The allocation {one.allocation} already has an {family.label} address. Leave the id out."
            refused[place] = errors.Invalid(detail, field="allocation")
        elif any(other != owner_ for other in families.values()):
            detail = f"The allocation {one.allocation} is of another network or project. Leave the id out."
            refused[place] = errors.Invalid(detail, field="allocation")
        elif one.allocation in foreign:
            refused[place] = access.managed_elsewhere(foreign[one.allocation])
        else:
            families[family] = owner_


def find_prefixes(wanted: Sequence[Named], prefixes: KnownPrefixes, refused: Refusals) -> dict[int, Prefix]:
    """Rules 4a, 24 and 25: the prefix that each row's address lies in."""
    found: dict[int, Prefix] = {}
    for place, one in enumerate(wanted):
        if place in refused:
            continue
        prefix = prefixes.holding(one.network, one.address)
        if prefix is None:
            known = sorted(prefixes.of_network[one.network.pk], key=lambda prefix: (prefix.family, prefix.pk))
            refused[place] = address_rules.not_in_prefix(one.address, one.network, known)
        elif unusable := next(usable_space.violations_of_address(one.address), None):
            refused[place] = unusable
        elif one.address in prefixes.reserved[prefix.pk]:
            refused[place] = address_rules.reserved(one.address, prefix)
        elif one.prefix and one.prefix != prefixes.texts[prefix.pk]:
            detail = f"{one.address} lies in {prefix}, not in {one.prefix}. Correct the prefix, or leave it out."
            refused[place] = errors.NotInPrefix(detail, field="prefix")
        else:
            found[place] = prefix
    return found


def refuse_taken(
    wanted: Sequence[Named], lost: Mapping[int, Prefix], new: Iterable[IPAddress], refused: Refusals
) -> None:
    """Rule 26: say who holds each address that was not free; of two rows, the first has it."""
    stored = IPAddress.objects.filter(address__one_of={wanted[place].address for place in lost}).select_related(
        "project", "machine"
    )
    holders = {(row.address, row.namespace_id): row for row in stored}
    holders |= {(row.address, row.namespace_id): row for row in new}
    for place in lost:
        one = wanted[place]
        holder = holders.get((one.address, one.network.namespace_id))
        refused[place] = (
            address_rules.taken(one.address, holder)
            if holder
            else lasting(allocator.unaccounted(lost[place], one.address, field="ip"))
        )


def check_labels(labels: Mapping[str, str]) -> None:
    """Invalid, about `labels`, when a key or value is none that Kubernetes takes."""
    if fault := label_fault(labels):
        raise errors.Invalid(fault, field="labels")
