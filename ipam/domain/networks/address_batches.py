"""Named addresses by the thousand: the rules of `addresses.allocate`, judged row by row, written in bulk.

What is refused is told by the row's place, and the others are taken: whoever calls decides whether refusals
undo everything.
"""

import uuid
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from netaddr import IPAddress as Address

from ipam import errors
from ipam.addressing import Family, blocks_between, reserved_addresses, size
from ipam.domain.core import access, bulk_insert, history, lookups, states
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Deed
from ipam.domain.networks import addresses
from ipam.domain.space import free_space, usable_space
from ipam.domain.space.gaps import gaps
from ipam.labels import label_fault
from ipam.models import FreeBlock, IPAddress, Machine, MachineNetwork, Network, Prefix, Project
from ipam.models.base import labels_kept
from ipam.models.events import Verb

MOST = 2_000  # addresses at once: as many values as SQLite takes in a statement, several times over
_MOST_RANGES = 50  # prefixes that one statement looks at by themselves
_COLUMNS = [field.attname for field in IPAddress._meta.concrete_fields]
_CHANGEABLE = ["type", "name", "description", "labels"]
Refusals = dict[int, errors.IpamError]


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """An address that somebody wants, with the ids that it shall have."""

    address: Address
    network: Network
    project: Project
    machine: Machine | None = None
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    allocation: uuid.UUID = field(default_factory=uuid.uuid4)
    type: str = IPAddress.Type.EPHEMERAL
    name: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""  # the CIDR that it is believed to lie in; refused if it is another


@operation
def take(wanted: Sequence[Named]) -> Refusals:
    """Take up to `MOST` named addresses, of any networks; what was refused, by its place in `wanted`.

    The rules are those of `addresses.allocate` (21 to 26). Rows that share an allocation are of one network and one
    project, and of different families. Costs about a dozen statements, whatever the number of rows and prefixes.
    """
    access.demand(Deed.OPERATE)
    refused: Refusals = {}
    with _through_indexes():
        prefixes = _Prefixes({one.network.pk: one.network for one in wanted}.values())
        _judge_owners(wanted, refused)
        _judge_ids_and_allocations(wanted, refused)
        found = _find_prefixes(wanted, prefixes, refused)
        taken = _take_free(wanted, found)
    now = timezone.now()
    rows = [_row(wanted[place], prefix, now) for place, prefix in found.items() if place in taken]
    if lost := {place: prefix for place, prefix in found.items() if place not in taken}:
        _refuse_taken(wanted, lost, rows, refused)
    bulk_insert.store(IPAddress, rows)
    history.record_addresses(Verb.ALLOCATE, begun=rows)
    return refused


@operation
def change(changes: Mapping[uuid.UUID, Mapping[str, Any]]) -> dict[uuid.UUID, errors.IpamError]:
    """Change type, name, description or labels of up to `MOST` addresses; what was refused, by id (rule 27)."""
    access.demand(Deed.OPERATE)
    held = {row.pk: row for row in lookups.lock_all(_by_key(changes), no_key=True)}
    refused = _gone(changes, held)
    changed = []
    for row in held.values():
        wanted = changes[row.pk]
        try:
            addresses.check_stays_static(row, wanted.get("type", row.type))
            _check_labels(wanted.get("labels", {}))
        except (errors.StaticToEphemeral, errors.Invalid) as error:
            refused[row.pk] = error
            continue
        before = states.of(row)
        for name, value in wanted.items():
            setattr(row, name, value)
        row.updated_at, row.generation = timezone.now(), row.generation + 1
        changed.append((row, before))
    rows = [row for row, _ in changed]
    with labels_kept():
        IPAddress.objects.bulk_update(rows, [*_CHANGEABLE, "updated_at", "generation"], batch_size=200)
    history.record_each(Verb.UPDATE, changed)
    return refused


@operation
def join(wanted: Mapping[uuid.UUID, Machine]) -> dict[uuid.UUID, errors.IpamError]:
    """Give up to `MOST` addresses that have no machine one of their project and network; what was refused, by id."""
    access.demand(Deed.OPERATE)
    rows = lookups.lock_all(_by_key(wanted).select_related("network", "project"), no_key=True)
    held = {row.pk: row for row in rows}
    refused = _gone(wanted, held)
    joined = _attachments(wanted.values())
    changed: list[IPAddress] = []
    for row in held.values():
        machine = wanted[row.pk]
        try:
            if row.machine_id is not None:
                raise errors.InUse(f"{row} belongs to machine {row.machine_id}.", field="machine")
            is_joined = (machine.pk, row.network_id) in joined
            addresses.check_machine(machine, row.network, row.project, is_joined=is_joined)
        except errors.IpamError as error:
            refused[row.pk] = error
            continue
        row.machine, row.updated_at, row.generation = machine, timezone.now(), row.generation + 1
        changed.append(row)
    IPAddress.objects.bulk_update(changed, ["machine", "updated_at", "generation"], batch_size=200)
    history.record_addresses(Verb.UPDATE, ended=changed, begun=changed, changed={})
    return refused


def _by_key(keys: Iterable[uuid.UUID]) -> QuerySet[IPAddress]:
    return IPAddress.objects.filter(pk__one_of=keys).order_by("pk")


def _gone(wanted: Iterable[uuid.UUID], held: Mapping[uuid.UUID, IPAddress]) -> dict[uuid.UUID, errors.IpamError]:
    """What was released before it could be locked; nothing of it may be said to be done."""
    return {
        key: errors.NotFound(f"The address with the id {key} has just been released. Look again.", field="id")
        for key in wanted
        if key not in held
    }


@contextmanager
def _through_indexes() -> Iterator[None]:
    """Let PostgreSQL find rows by index, even if it believes to find thousands of them.

    A table that is being filled has no statistics yet; without them the planner would read all of it for each batch.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:  # a refusal undoes the setting, as it is of the savepoint
        cursor.execute("SET LOCAL enable_seqscan = off")
        yield
        cursor.execute("SET LOCAL enable_seqscan = DEFAULT")


class _Prefixes:
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
        self.reserved = {
            prefix.pk: set(reserved_addresses(prefix.cidr)) for held in self.of_network.values() for prefix in held
        }

    def holding(self, network: Network, address: Address) -> Prefix | None:
        """The prefix of the network that the address lies in; those of one network are disjoint."""
        place = bisect_right(self._starts.get(network.pk, []), _order(address)) - 1
        prefix = self.of_network[network.pk][place] if place >= 0 else None
        return prefix if prefix is not None and _order(address) <= _order(prefix.last) else None


def _order(address: Address) -> tuple[int, int]:
    return address.version, address.value


def _judge_owners(wanted: Sequence[Named], refused: Refusals) -> None:
    """Rule 21, and that an address of a machine is of its project and networks; each combination once."""
    joined = _attachments(one.machine for one in wanted if one.machine)
    known: dict[tuple[str, uuid.UUID, str | None], errors.IpamError | None] = {}
    for place, one in enumerate(wanted):
        key = one.network.pk, one.project.pk, one.machine.pk if one.machine else None
        if key not in known:
            known[key] = _judge_owner(one, joined)
        if (error := known[key]) is not None:
            refused.setdefault(place, error)
        elif fault := label_fault(one.labels):
            refused[place] = errors.Invalid(fault, field="labels")


def _attachments(machines: Iterable[Machine]) -> set[tuple[str, str]]:
    """Which machine is in which network; no machine of them is released until the transaction ends."""
    keys = {machine.pk for machine in machines}
    if not keys:
        return set()
    lookups.lock_all(Machine.objects.filter(pk__one_of=keys).order_by("pk"), no_key=True)
    attachments = MachineNetwork.objects.filter(machine__in=keys)
    return set(attachments.values_list("machine_id", "network_id"))


def _check_labels(labels: Mapping[str, str]) -> None:
    if fault := label_fault(labels):
        raise errors.Invalid(fault, field="labels")


def _judge_owner(one: Named, joined: set[tuple[str, str]]) -> errors.IpamError | None:
    try:
        addresses.check_may_use(one.network, one.project)
        if one.machine is not None:
            is_joined = (one.machine.pk, one.network.pk) in joined
            addresses.check_machine(one.machine, one.network, one.project, is_joined=is_joined)
    except errors.IpamError as error:
        return error
    return None


def _judge_ids_and_allocations(wanted: Sequence[Named], refused: Refusals) -> None:
    """An id is new. An allocation has one address of each family at most, all of one network and project."""
    seen: set[uuid.UUID] = set()
    held: dict[uuid.UUID, dict[int, tuple[str, uuid.UUID]]] = defaultdict(dict)
    same = Q(pk__one_of=[one.id for one in wanted]) | Q(allocation__one_of=[one.allocation for one in wanted])
    columns = "pk", "allocation", "family", "network_id", "project_id"
    known = IPAddress.objects.filter(same).order_by("pk").values_list(*columns)
    for pk, allocation, family, *owner in lookups.lock_all(known):  # so that no release of an allocation misses it
        seen.add(pk)
        held[allocation][family] = owner[0], owner[1]
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
        else:
            families[family] = owner_


def _find_prefixes(wanted: Sequence[Named], prefixes: _Prefixes, refused: Refusals) -> dict[int, Prefix]:
    """Rules 4a, 24 and 25: the prefix that each row's address lies in."""
    found: dict[int, Prefix] = {}
    for place, one in enumerate(wanted):
        if place in refused:
            continue
        prefix = prefixes.holding(one.network, one.address)
        if prefix is None:
            known = sorted(prefixes.of_network[one.network.pk], key=lambda prefix: (prefix.family, prefix.pk))
            refused[place] = addresses.not_in_prefix(one.address, one.network, known)
        elif unusable := next(usable_space.judge_address(one.address), None):
            refused[place] = unusable
        elif one.address in prefixes.reserved[prefix.pk]:
            refused[place] = addresses.reserved(one.address, prefix)
        elif one.prefix and one.prefix != prefixes.texts[prefix.pk]:
            detail = f"{one.address} lies in {prefix}, not in {one.prefix}. Correct the prefix, or leave it out."
            refused[place] = errors.NotInPrefix(detail, field="prefix")
        else:
            found[place] = prefix
    return found


def _take_free(wanted: Sequence[Named], found: Mapping[int, Prefix]) -> set[int]:
    """Take the rows' addresses out of the free blocks that hold them; the places of those that were free."""
    free_space.hold(Prefix.objects.filter(pk__one_of={prefix.pk for prefix in found.values()}))
    by_value: dict[tuple[int, int], list[int]] = defaultdict(list)  # prefix and address → places
    for place, prefix in found.items():
        by_value[prefix.pk, wanted[place].address.value].append(place)
    taken: set[int] = set()
    spent: list[int] = []
    left: list[FreeBlock] = []
    hits = iter(sorted(by_value))
    hit = next(hits, None)
    for block in _blocks_around(wanted, found):
        while hit is not None and hit < (block.prefix_id, block.first):
            hit = next(hits, None)
        inside = []
        while hit is not None and hit <= (block.prefix_id, block.last):
            inside.append(hit[1])
            taken.add(by_value[hit][0])
            hit = next(hits, None)
        if inside:
            spent.append(block.pk)
            left += _left_of(block, inside)
    FreeBlock.objects.filter(pk__one_of=spent).delete()
    bulk_insert.store(FreeBlock, left)
    return taken


class _Block(NamedTuple):
    """A free block, as integers: an instance for each would be half of the work."""

    pk: int
    network_id: str
    prefix_id: int
    family: Family
    first: int
    last: int


def _blocks_around(wanted: Sequence[Named], found: Mapping[int, Prefix]) -> Iterator[_Block]:
    """The free blocks between the lowest and the highest wanted address, prefix by prefix, ascending.

    Of few prefixes each is looked at by itself; of many, those of a family together, so that it stays one statement.
    """
    values: dict[tuple[Family, int | None], list[int]] = defaultdict(list)
    prefixes = {prefix.pk for prefix in found.values()}
    is_one_by_one = len(prefixes) <= _MOST_RANGES
    for place, prefix in found.items():
        key = prefix.address_family, prefix.pk if is_one_by_one else None
        values[key].append(wanted[place].address.value)
    near = Q(pk=None)
    for (family, prefix_id), inside in values.items():
        near |= _around(family, min(inside), max(inside)) & (Q(prefix=prefix_id) if prefix_id else Q())
    columns = "pk", "network", "prefix", "family", "first", "length"
    blocks = FreeBlock.objects.filter(near, prefix__in=prefixes).order_by("prefix", "first")
    for pk, network_id, prefix_id, family_, first, length in blocks.values_list(*columns):
        family = Family(family_)
        yield _Block(pk, network_id, prefix_id, family, first.value, first.value + size(family, length) - 1)


def _around(family: Family, lowest: int, highest: int) -> Q:
    """Blocks that start in lowest..highest, or hold `lowest`: then they start where a block around it does."""
    starts = {lowest >> shift << shift for shift in range(family.bits + 1)}
    holding = Q(first__one_of=[Address(start, family.value) for start in starts])
    return holding | Q(first__gt=Address(lowest, family.value), first__lte=Address(highest, family.value))


def _left_of(block: _Block, taken: Iterable[int]) -> list[FreeBlock]:
    parts = [
        part
        for start, end in gaps(block.first, block.last, ((value, value) for value in taken))
        for part in blocks_between(block.family, start, end)
    ]
    return free_space.rows(block.network_id, block.prefix_id, None, parts)


def _refuse_taken(
    wanted: Sequence[Named], lost: Mapping[int, Prefix], new: Iterable[IPAddress], refused: Refusals
) -> None:
    """Rule 26: say who holds each address that was not free; of two rows, the first has it."""
    stored = IPAddress.objects.filter(address__one_of={wanted[place].address for place in lost})
    holders = {(row.address, row.namespace_id): row for row in stored}
    holders |= {(row.address, row.namespace_id): row for row in new}
    for place in lost:
        one = wanted[place]
        holder = holders.get((one.address, one.network.namespace_id))
        refused[place] = (
            addresses.taken(one.address, holder)
            if holder
            else free_space.unaccounted(lost[place].pk, one.address, field="ip")
        )


def _row(one: Named, prefix: Prefix, now: datetime) -> IPAddress:
    """The row to store. Its values go in by place, for by name the model takes three times as long."""
    values = {
        "id": one.id,
        "address": one.address,
        "family": prefix.family,
        "network_id": prefix.network_id,
        "prefix_id": prefix.pk,
        "namespace_id": one.network.namespace_id,
        "project_id": one.project.pk,
        "machine_id": one.machine.pk if one.machine else None,
        "allocation": one.allocation,
        "type": one.type,
        "name": one.name,
        "description": one.description,
        "labels": dict(one.labels),
        "created_at": now,
        "updated_at": now,
        "generation": 1,
    }
    return IPAddress(*map(values.__getitem__, _COLUMNS))  # type: ignore[misc]  # mypy knows columns by name only
