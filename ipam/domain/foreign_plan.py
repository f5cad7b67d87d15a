"""Prefixes and addresses of another IPAM, which knows no types of networks, as networks of ours.

Prefixes that hold others are containers: together they are one super network, and what lies directly or deeper in
them, without holding anything, are its children. Prefixes that hold nothing and lie in nothing are external networks.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family, some
from ipam.domain import address_batches, children, history, network_rules, networks, row_copy, usable_space, vrfs
from ipam.domain.address_batches import Named
from ipam.domain.metal_stack_import import CREATED, UNCHANGED, Outcome, Result, record_import
from ipam.domain.network_rules import NewNetwork
from ipam.models import VRF, IPAddress, Network, Partition, Prefix, Project
from ipam.models.networks import NetworkType


@dataclass(frozen=True, kw_only=True)
class ForeignVrf:
    """A VRF elsewhere, and the VNI that it shall have here."""

    place: str
    vni: int
    name: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ForeignPrefix:
    """A prefix elsewhere; `vrf` is the VNI that it shall have here, none to draw one.

    `is_container` says that it holds others, or once did: it gives no addresses by itself.
    """

    place: str
    cidr: IPNetwork
    project: Project | None = None
    vrf: int | None = None
    is_container: bool = False
    name: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ForeignAddress:
    """An address that is taken elsewhere, in a VRF or in none, which then is none of the foreign ones."""

    place: str
    address: Address
    project: Project
    vrf: int | None = None
    foreign_vrfs: Collection[int] = ()
    name: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


def bring_in(
    source: str,
    prefixes: Sequence[ForeignPrefix],
    hosts: Iterable[ForeignAddress],
    partition: Partition | None,
    foreign_vrfs: Iterable[ForeignVrf] = (),
) -> Result:
    """Make networks, named after their `source`, and take their addresses, all static; what does not fit is told.

    What is there already with the same prefix or address is left alone and used. To be called inside an operation,
    whose event it leaves.
    """
    run = _Run(source, partition)
    containers, leaves, singles, levels = _sort(prefixes)
    with history.gathering() as parts:
        run.make_vrfs(foreign_vrfs)
        run.make_super(containers, leaves)
        for single in singles:  # before the leaves, for these may draw the VRF that a single one names
            run.attempt(single, run.make_external)
        for leaf in sorted(leaves, key=lambda one: one.vrf is None):
            run.attempt(leaf, run.adopt)
        run.take_addresses(hosts)
    record_import(run.outcomes, parts.holders)
    return Result(run.outcomes, run.refused, [*map(_level, levels), *_words_of_containers(containers)])


def _sort(
    prefixes: Sequence[ForeignPrefix],
) -> tuple[list[ForeignPrefix], list[ForeignPrefix], list[ForeignPrefix], list[ForeignPrefix]]:
    """The outermost prefixes that hold others, what lies in them and holds nothing, those that stand alone, and
    those in between."""
    ordered = sorted(prefixes, key=lambda one: (one.cidr.version, one.cidr.first, -one.cidr.last))
    containers: list[ForeignPrefix] = []
    leaves: list[ForeignPrefix] = []
    singles: list[ForeignPrefix] = []
    levels: list[ForeignPrefix] = []
    outermost: ForeignPrefix | None = None
    for place, one in enumerate(ordered):
        following = ordered[place + 1] if place + 1 < len(ordered) else None
        holds = one.is_container or (
            following is not None and following.cidr in one.cidr and following.cidr != one.cidr
        )
        if outermost is not None and one.cidr in outermost.cidr:
            (levels if holds else leaves).append(one)
        else:
            outermost = one
            (containers if holds else singles).append(one)
    return containers, leaves, singles, levels


def _level(one: ForeignPrefix) -> str:
    return f"{one.place}: a level between container and children, of which there is none here; its children were kept."


def _words_of_containers(containers: Iterable[ForeignPrefix]) -> Iterator[str]:
    for one in containers:
        if one.name or one.description or one.labels or one.vrf:
            yield f"{one.place}: its name, description, labels and VRF, for it became one prefix of a super network."


class _Run:
    """One import on its way in."""

    def __init__(self, source: str, partition: Partition | None) -> None:
        self._source, self._partition = source, partition
        self._parent: Network | None = None
        self.outcomes: list[Outcome] = []
        self.refused: list[errors.IpamError] = []

    def attempt(self, one: ForeignPrefix, make: Any) -> None:
        """Make one network, unless a prefix of ours is just this one already."""
        if found := _stored(one.cidr):
            if one.vrf not in (None, found.network.vrf_id):
                detail = f"it is there already, in network {_in_vrf(found.network)}, not {one.vrf}."
                self._refuse(one.place, errors.AlreadyExists(detail))
                return
            self.outcomes.append(Outcome("network", found.network_id, UNCHANGED))
            return
        try:
            self.outcomes.append(Outcome("network", make(one).pk, CREATED))
        except errors.IpamError as error:
            self._refuse(one.place, error)

    def make_vrfs(self, wanted: Iterable[ForeignVrf]) -> None:
        """Make the VRFs that are not there yet, before a network draws one of their VNIs."""
        wanted = list(wanted)
        stored = set(VRF.objects.filter(pk__in=[one.vni for one in wanted]).values_list("pk", flat=True))
        for one in wanted:
            if one.vni not in stored:
                vrfs.create(id=one.vni, name=one.name, description=one.description, labels=dict(one.labels))
            self.outcomes.append(Outcome("vrf", str(one.vni), UNCHANGED if one.vni in stored else CREATED))

    def make_super(self, containers: Sequence[ForeignPrefix], leaves: Sequence[ForeignPrefix]) -> None:
        """One super network of all containers that are not there yet, or the one that is."""
        key = f"{self._source}-{self._partition.pk if self._partition else 'super'}"
        self._parent = Network.objects.filter(pk=key).first()
        fitting: list[IPNetwork] = []
        for one in containers:
            if _stored(one.cidr):
                continue
            broken = network_rules.find_overlaps([*fitting, one.cidr])
            broken += network_rules.judge_canonical([one.cidr], "prefixes")
            broken += usable_space.judge_prefixes([one.cidr])
            fitting += [] if broken else [one.cidr]
            for error in broken:
                self._refuse(one.place, error)
        if self._parent is not None or not fitting:
            self._parent = self._parent or _parent_of(containers)
            return
        new = NewNetwork(
            type=NetworkType.SUPER,
            id=key,
            name=f"Containers of {self._source}",
            partition=self._partition,
            prefixes=sorted(fitting, key=lambda cidr: cidr.version),
            default_child_prefix_length=_usual_lengths(fitting, leaves),
        )
        try:
            self._parent = networks.create(new)
            self.outcomes.append(Outcome("network", key, CREATED))
        except errors.IpamError as error:
            self._refuse(key, error)

    def adopt(self, one: ForeignPrefix) -> Network:
        """A child network with just this prefix."""
        new = NewNetwork(type=NetworkType.CHILD, parent=self._parent, vrf_shared=one.vrf is not None, **self._said(one))
        return children.adopt(new)

    def make_external(self, one: ForeignPrefix) -> Network:
        """An external network; its VRF has to be known."""
        new = NewNetwork(
            type=NetworkType.EXTERNAL, partition=self._partition, vrf_shared=one.vrf is not None, **self._said(one)
        )
        return networks.create(new)

    def _said(self, one: ForeignPrefix) -> dict[str, Any]:
        return {
            "id": f"{self._source}-{re.sub('[^0-9a-f]+', '-', str(one.cidr)).strip('-')}",
            "name": one.name,
            "description": one.description,
            "labels": one.labels,
            "project": one.project,
            "vrf": one.vrf,
            "prefixes": [one.cidr],
        }

    def take_addresses(self, hosts: Iterable[ForeignAddress]) -> None:
        """Take the addresses that lie in a network that gives any."""
        prefixes = list(Prefix.objects.exclude(network__in=Network.objects.supers()).select_related("network"))
        holding = {(one.family, one.first.value, one.length): one for one in prefixes if one.namespace_id is None}
        lengths = {family: sorted({key[2] for key in holding if key[0] == family}, reverse=True) for family in Family}
        homeless: dict[str, list[str]] = defaultdict(list)
        by_key = {one.network_id: one.network for one in prefixes}
        for batch in row_copy.batches(hosts, address_batches.MOST):
            known = IPAddress.objects.filter(address__in=[one.address for one in batch], namespace=None)
            stored = {address: by_key[key] for address, key in known.values_list("address", "network_id")}
            wanted: list[tuple[ForeignAddress, Named]] = []
            for one in batch:
                prefix = _holding(one.address, holding, lengths)
                network = stored.get(one.address) or (prefix.network if prefix else None)
                if network is None:
                    homeless[one.place].append(str(one.address))
                elif not _is_of_vrf(one, network):
                    why = f"not in one of VRF {one.vrf}" if one.vrf else "but has no VRF itself"
                    detail = f"{one.address} lies in network {_in_vrf(network)}, {why}."
                    self._refuse(one.place, errors.NotInPrefix(detail))
                elif one.address in stored:
                    self.outcomes.append(Outcome("address", str(one.address), UNCHANGED))
                else:
                    wanted.append((one, _named(one, network)))
            self._take(wanted)
        for place, texts in homeless.items():
            who = f"{texts[0]} lies" if len(texts) == 1 else f"{len(texts):,} addresses lie"
            which = "" if len(texts) == 1 else f": {some(texts)}"
            self._refuse(place, errors.NotInPrefix(f"{who} in no network that gives addresses{which}."))

    def _take(self, wanted: Sequence[tuple[ForeignAddress, Named]]) -> None:
        refused = address_batches.take([named for _, named in wanted])
        for place, (one, _) in enumerate(wanted):
            if place in refused:
                self._refuse(one.place, refused[place])
            else:
                self.outcomes.append(Outcome("address", str(one.address), CREATED))

    def _refuse(self, place: str, error: errors.IpamError) -> None:
        self.refused += [type(one)(f"{place}: {one.detail}", field=one.field) for one in error.errors]


def _stored(cidr: IPNetwork) -> Prefix | None:
    first, last = Address(cidr.first, cidr.version), Address(cidr.last, cidr.version)
    return Prefix.objects.filter(first=first, last=last, namespace=None).order_by("-parent").first()


def _parent_of(containers: Sequence[ForeignPrefix]) -> Network | None:
    """The network of ours that has the first of these containers."""
    for one in containers:
        if (found := _stored(one.cidr)) is not None and found.network.is_super:
            return found.network
    return None


def _usual_lengths(containers: Iterable[IPNetwork], leaves: Sequence[ForeignPrefix]) -> dict[Family, int]:
    """The commonest length of the leaves of each family, but longer than each container."""
    lengths: dict[Family, int] = {}
    for family in sorted({Family.of(cidr) for cidr in containers}):
        longest = max(cidr.prefixlen for cidr in containers if Family.of(cidr) is family)
        usual = Counter(one.cidr.prefixlen for one in leaves if Family.of(one.cidr) is family).most_common(1)
        lengths[family] = min(family.bits, max(longest + 1, usual[0][0] if usual else 0))
    return lengths


def _holding(
    address: Address, holding: Mapping[tuple[int, int, int], Prefix], lengths: Mapping[Family, Sequence[int]]
) -> Prefix | None:
    family = Family.of(address)
    for length in lengths[family]:
        shift = family.bits - length
        if found := holding.get((family, address.value >> shift << shift, length)):
            return found
    return None


def _is_of_vrf(one: ForeignAddress, network: Network) -> bool:
    return network.vrf_id == one.vrf if one.vrf else network.vrf_id not in one.foreign_vrfs


def _in_vrf(network: Network) -> str:
    return f"{network.pk} of VRF {network.vrf_id}" if network.vrf_id else f"{network.pk} without VRF"


def _named(one: ForeignAddress, network: Network) -> Named:
    return Named(
        address=one.address,
        network=network,
        project=one.project,
        type=IPAddress.Type.STATIC,
        name=one.name,
        description=one.description,
        labels=one.labels,
    )
