"""Ranges of a prefix, out of which nothing is given by itself: excluded, by name, for DHCP, for growth."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.db.models import Count, F
from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family, is_canonical, size
from ipam.domain.core import access, history, lookups, states
from ipam.domain.core.operations import operation
from ipam.domain.networks import network_changes
from ipam.domain.space import cooling, free_space, set_aside, usable_space, whose
from ipam.models import AddressRange, IPAddress, Network, Prefix, Project, SetAsideBlock
from ipam.models.events import Verb
from ipam.wording import count_of

UPDATABLE = (*AddressRange.texts, "labels", "use", "project")
MAX_OF_A_PREFIX = 10_000


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Where a range lies: from `first` to `last`, or in a `prefix`, or the `first_n` or `last_n` of one `inside`.

    These count the addresses of the prefix from its very first, or last, one: its ends included.
    """

    first: Address | None = None
    last: Address | None = None
    prefix: IPNetwork | None = None
    inside: IPNetwork | None = None
    first_n: int | None = None
    last_n: int | None = None

    def ends(self) -> tuple[Address, Address]:
        """The first and the last address; Invalid for none of the three forms or several, and for reversed ones."""
        given = {name for name, value in vars(self).items() if value is not None}
        if given == {"prefix"} and self.prefix is not None:
            _check_canonical(self.prefix)
            return _address(self.prefix, self.prefix.first), _address(self.prefix, self.prefix.last)
        if given in ({"inside", "first_n"}, {"inside", "last_n"}) and self.inside is not None:
            return self._counted(self.inside)
        if given == {"first", "last"} and self.first is not None and self.last is not None:
            if self.first.version != self.last.version:
                raise errors.RangeFamily("A range has addresses of one family.", field="last")
            if self.first > self.last:
                raise errors.Invalid(f"{self.first} comes after {self.last}. Swap them.", field="last")
            return self.first, self.last
        raise errors.Invalid("Give first and last, or a prefix, or in and one of first_n and last_n.", field="first")

    def _counted(self, cidr: IPNetwork) -> tuple[Address, Address]:
        _check_canonical(cidr)
        number, name = (self.first_n, "first_n") if self.last_n is None else (self.last_n, "last_n")
        if number is None or not 1 <= number <= cidr.size:
            raise errors.Invalid(f"{cidr} has {count_of(cidr.size, 'address')}. Ask for 1 to all of them.", field=name)
        if self.last_n is None:
            return _address(cidr, cidr.first), _address(cidr, cidr.first + number - 1)
        return _address(cidr, cidr.last - number + 1), _address(cidr, cidr.last)


@operation
def create(
    network: Network,
    bounds: Bounds,
    *,
    use: str = AddressRange.Use.EXCLUDED,
    name: str = "",
    description: str = "",
    labels: Mapping[str, str] | None = None,
    project: Project | None = None,
    id: UUID | None = None,
) -> AddressRange:
    """Lay a range over a part of a prefix (rule 25c): what of it is free, or cools, is kept by it from now on.

    Of any bounds; what is held in it stays so, and comes to the range when it is released. NotInPrefix for what does
    not lie in one prefix, Overlap for another range, InUse beside 10,000 others, RangeFamily, Invalid for bounds that
    contradict themselves.
    """
    current = network_changes.lock(network)
    access.require_change(current)
    first, last = bounds.ends()
    owner = None if project is None else lookups.get(Project, project.pk, field="project")
    _check_use(use, owner)
    prefix = Prefix.objects.select_for_update(no_key=True).get(pk=_prefix_of(current, first, last).pk)
    _check_room(prefix, first, last)
    words = {"use": use, "name": name, "description": description, "labels": dict(labels or {}), "project": owner}
    held = AddressRange(pk=id or uuid4(), prefix=prefix, family=prefix.family, first=first, last=last, **words)
    held.network = current
    _store(held)
    history.record(Verb.CREATE, held, after=states.of(held))
    return held


def _store(held: AddressRange) -> None:
    """Store a new range of a locked prefix, and what is free of it or cools with it."""
    held.save(force_insert=True)
    Prefix.objects.filter(pk=held.prefix_id, sets_aside=False).update(sets_aside=True)
    copies = free_space.namespaces(held.network) if held.network.is_namespaced else [None]
    set_aside.move(held.prefix, held, copies)


@operation
def update(held: AddressRange, **changes: Any) -> AddressRange:
    """Change the name, description, labels, use or project of a range. Its bounds stay: lay another."""
    current = lookups.get(AddressRange, held.pk, lock=True)
    lookups.check_generation(current, held.expected_generations)
    access.require_change(current)
    if (project := changes.get("project")) is not None:
        changes["project"] = lookups.get(Project, project.pk, field="project")
    _check_use(changes.get("use", current.use), changes.get("project", current.project))
    return history.revise(current, **changes)


@operation
def delete(held: AddressRange) -> None:
    """Take a range away: what of it nobody holds is free again. NotFound when it has gone."""
    network_changes.lock(held.network)
    current = lookups.get(AddressRange, held.pk, lock=True)
    lookups.check_generation(current, held.expected_generations)
    access.require_change(current)
    prefix = Prefix.objects.select_for_update(no_key=True).get(pk=current.prefix_id)
    blocks = set_aside.by_place(SetAsideBlock.objects.filter(range=current).order_by("prefix", "first"))
    history.record(Verb.DELETE, current, before=states.of(current))
    current.delete()
    for (prefix_id, namespace_id), cidrs in blocks.items():
        free_space.release(prefix_id, cidrs, namespace_id)
    cooling.settle(current.network, [prefix])


def held_in(ranges: Sequence[AddressRange]) -> dict[UUID, int]:
    """How many addresses of each range somebody holds, or a child has; of a namespaced super by the fullest copy.

    Of ranges that know their prefixes and networks: a statement, one for gateways in them, and for each namespaced
    super one for the copies that there are of it.
    """
    free: dict[UUID, Counter[UUID | None]] = {one.pk: Counter() for one in ranges}
    counted = SetAsideBlock.objects.filter(range__in=ranges).order_by().values_list("range", "namespace", "length")
    families = {one.pk: one.address_family for one in ranges}
    for key, namespace_id, length, number in counted.annotate(number=Count("pk")):
        free[key][namespace_id] += number * size(families[key], length)
    networks = {one.network_id: one.prefix.network for one in ranges}
    copies = {
        key: free_space.namespaces(network) if network.is_namespaced else {None} for key, network in networks.items()
    }
    gateways = _held_gateways([one.prefix for one in ranges])
    held = {}
    for one in ranges:
        takeable = _takeable(one, gateways)
        # A copy without a row has nothing left of the range; where there is no copy, nobody has taken anything.
        held[one.pk] = takeable - min((free[one.pk][copy] for copy in copies[one.network_id]), default=takeable)
    return held


def _held_gateways(prefixes: Iterable[Prefix]) -> set[tuple[int, Address]]:
    """Those gateways of these prefixes that somebody holds, by the prefix."""
    named = {one.pk for one in prefixes if one.gateway is not None}
    if not named:
        return set()
    taken = IPAddress.objects.filter(prefix__in=named, address=F("prefix__gateway"))
    return set(taken.values_list("prefix", "address"))


def _takeable(one: AddressRange, held_gateways: Container[tuple[int, Address]]) -> int:
    """How many addresses of a range could be taken at all; a gateway is by who holds it."""
    prefix, first, last = one.prefix, one.first.value, one.last.value
    is_super = prefix.network.is_super or not prefix.reserve_ends
    gateway = None if (prefix.pk, prefix.gateway) in held_gateways else prefix.gateway
    spans = usable_space.held_back(prefix.cidr, is_super=is_super, gateway=gateway)
    overlaps: list[int] = [max(0, min(end, last) - max(start, first) + 1) for start, end in spans]
    return one.size - sum(overlaps)


def _prefix_of(network: Network, first: Address, last: Address) -> Prefix:
    """The prefix of the network that both lie in."""
    prefixes: Iterable[Prefix] = network.known_prefixes
    for prefix in prefixes:
        if first in prefix.cidr and last in prefix.cidr:
            return prefix
    have = ", ".join(map(str, network.known_prefixes))
    raise errors.NotInPrefix(f"{first} to {last} lies in no prefix of {network}, which has {have}.", field="first")


def _check_use(use: str, project: Project | None) -> None:
    if use not in AddressRange.Use.values:
        raise errors.Invalid(f"A use is one of {', '.join(AddressRange.Use.values)}.", field="use")
    if project is not None and use != AddressRange.Use.BY_NAME:
        raise errors.Invalid("Only of a range by name can one project name addresses. Leave it out.", field="project")


def _check_room(prefix: Prefix, first: Address, last: Address) -> None:
    """That a locked prefix has no other range there, and not too many of them."""
    if (other := AddressRange.objects.meeting(prefix.pk, first, last).first()) is not None:
        raise errors.Overlap(
            f"{first} to {last} overlaps {whose.address_range(other)}. Choose others, or remove that first.",
            field="first",
        )
    if prefix.ranges.count() >= MAX_OF_A_PREFIX:
        raise errors.InUse(f"{prefix} has {MAX_OF_A_PREFIX:,} ranges, which is as many as may be. Remove one first.")


def _check_canonical(cidr: IPNetwork) -> None:
    if not is_canonical(cidr):
        raise errors.PrefixNotCanonical(f"{cidr} has host bits set; the prefix is {cidr.cidr}.", field="prefix")


def _address(cidr: IPNetwork, value: int) -> Address:
    return Address(value, Family.of(cidr).value)
