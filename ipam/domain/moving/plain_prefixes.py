"""Prefixes and addresses of another IPAM, which knows no types of networks, as networks of ours.

Prefixes that hold others are containers: together they are one super network, and what lies directly or deeper in
them, without holding anything, are its children. Prefixes that hold nothing and lie in nothing are external networks.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family, some
from ipam.domain.core import bulk_insert, history
from ipam.domain.moving.foreign_entries import ForeignAddress, ForeignPrefix, ForeignVrf, sort_prefixes
from ipam.domain.moving.metal_stack.importing import CREATED, EXTENDED, UNCHANGED, Outcome, Result, record_import
from ipam.domain.networks import address_batches, children, networks, rules, vrfs
from ipam.domain.networks.batch_rules import Named
from ipam.domain.networks.network_fields import NewNetwork
from ipam.domain.space import usable_space
from ipam.models import VRF, IPAddress, Network, Partition, Prefix
from ipam.models.events import Verb
from ipam.models.networks import NetworkType

T = TypeVar("T")


def bring_in(
    source: str,
    prefixes: Sequence[ForeignPrefix],
    hosts: Iterable[ForeignAddress],
    partition: Partition | None,
    foreign_vrfs: Iterable[ForeignVrf] = (),
    *,
    vrf_remedy: str,
) -> Result:
    """Make networks, named after their `source`, and take their addresses, all static; what does not fit is told.

    What is there already with the same prefix or address is left alone and used. `vrf_remedy` says where this source
    names the VRF of a prefix that stands alone. To be called inside an operation, whose event it leaves.
    """
    run = _Run(source, partition, vrf_remedy)
    containers, leaves, singles, levels = sort_prefixes(prefixes)
    with history.as_one_event(Verb.IMPORT):
        run.make_vrfs(foreign_vrfs)
        run.make_super(containers, [leaf for leaf, _ in leaves])
        for single in singles:  # before the leaves, for these may draw the VRF that a single one names
            run.attempt(single, run.make_external)
        for leaf, container in sorted(leaves, key=lambda pair: pair[0].vrf is None):
            run.attempt(leaf, partial(run.import_child, container=container))
        run.take_addresses(hosts)
        record_import(run.outcomes)
    words = _words_of_containers(one for one in containers if one.cidr not in run.reasons)
    return Result(run.outcomes, run.refused, [*map(_level, levels), *words])


def _level(one: ForeignPrefix) -> str:
    return f"{one.place}: a level between container and children, of which there is none here; its children were kept."


def _words_of_containers(containers: Iterable[ForeignPrefix]) -> Iterator[str]:
    for one in containers:
        if one.name or one.description or one.labels or one.vrf:
            yield f"{one.place}: its name, description, labels and VRF, for it became one prefix of a super network."


class _Run:
    """One import on its way in."""

    def __init__(self, source: str, partition: Partition | None, vrf_remedy: str) -> None:
        self._source, self._partition, self._vrf_remedy = source, partition, vrf_remedy
        self._parents: dict[IPNetwork, Network] = {}  # container → the super network that has it
        self.reasons: dict[IPNetwork, str] = {}  # refused prefix → why, for what hangs on it
        self.outcomes: list[Outcome] = []
        self.refused: list[errors.IpamError] = []

    def attempt(self, one: ForeignPrefix, make: Any) -> None:
        """Make one network, unless a prefix of ours is just this one already."""
        if found := _stored(one.cidr):
            if one.vrf not in (None, found.network.vrf_id):
                detail = f"it is there already, in network {_in_vrf(found.network)}, not {one.vrf}."
                self._refuse_prefix(one, [errors.AlreadyExists(detail)])
                return
            self.outcomes.append(Outcome("network", found.network_id, UNCHANGED))
            return
        try:
            self.outcomes.append(Outcome("network", make(one).pk, CREATED))
        except errors.Busy:
            raise
        except errors.IpamError as error:
            self._refuse_prefix(one, error.errors)

    def make_vrfs(self, wanted: Iterable[ForeignVrf]) -> None:
        """Make the VRFs that are not there yet, before a network draws one of their VNIs."""
        wanted = list(wanted)
        stored = set(VRF.objects.filter(pk__in=[one.vni for one in wanted]).values_list("pk", flat=True))
        for one in wanted:
            if one.vni not in stored:
                try:
                    vrfs.create(id=one.vni, name=one.name, description=one.description, labels=dict(one.labels))
                except errors.Invalid as error:
                    self._refuse(one.place, error)
                    continue
            self.outcomes.append(Outcome("vrf", str(one.vni), UNCHANGED if one.vni in stored else CREATED))

    def make_super(self, containers: Sequence[ForeignPrefix], leaves: Sequence[ForeignPrefix]) -> None:
        """One super network of all containers that are not there yet; a refused one takes no other with it."""
        fitting: list[ForeignPrefix] = []
        for one in containers:
            if stored := _stored(one.cidr):
                self._parents[one.cidr] = stored.network
            elif broken := _judge_container(one):
                self._refuse_prefix(one, broken)
            else:
                fitting.append(one)
        if not fitting:
            return
        try:
            parent = self._extend_or_create(fitting, _usual_lengths([one.cidr for one in fitting], leaves))
        except errors.Busy:
            raise
        except errors.IpamError as refusal:
            for one in fitting:
                self._refuse_prefix(one, refusal.errors)
            return
        self._parents |= {one.cidr: parent for one in fitting}

    def _extend_or_create(self, containers: Sequence[ForeignPrefix], lengths: Mapping[Family, int]) -> Network:
        """The super network of this source, with these containers too."""
        key = f"{self._source}-{self._partition.pk if self._partition else 'super'}"
        cidrs = sorted((one.cidr for one in containers), key=lambda cidr: cidr.version)
        found = Network.objects.filter(pk=key).first()
        if found is not None:
            held = [prefix.cidr for prefix in found.prefixes.in_order()]
            known = found.default_child_prefix_length
            networks.update(found, prefixes=[*held, *cidrs], default_child_prefix_length={**lengths, **known})
            self.outcomes.append(Outcome("network", key, EXTENDED))
            return found
        made = networks.create(
            NewNetwork(
                type=NetworkType.SUPER,
                id=key,
                name=f"Containers of {self._source}",
                partition=self._partition,
                prefixes=cidrs,
                default_child_prefix_length=lengths,
            )
        )
        self.outcomes.append(Outcome("network", key, CREATED))
        return made

    def import_child(self, one: ForeignPrefix, *, container: ForeignPrefix) -> Network:
        """A child network with just this prefix. NoParentNetwork when its container was refused."""
        if reason := self.reasons.get(container.cidr):
            raise errors.NoParentNetwork(f"it lies in {container.cidr}, which was refused: {reason}")
        parent = self._parents[container.cidr]
        new = NewNetwork(type=NetworkType.CHILD, parent=parent, vrf_shared=one.vrf is not None, **self._said(one))
        return children.adopt(new)

    def make_external(self, one: ForeignPrefix) -> Network:
        """An external network; its VRF has to be known."""
        if one.vrf is None:
            detail = f"it stands alone, so it becomes an external network, and those need a VRF. {self._vrf_remedy}"
            raise errors.Required(detail, field="vrf")
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
        giving = _LongestPrefix({one.cidr: one for one in prefixes if one.namespace_id is None})
        nowhere = self._what_gives_none()
        homeless: dict[tuple[str, _Nowhere], list[str]] = defaultdict(list)
        by_key = {one.network_id: one.network for one in prefixes}
        for batch in bulk_insert.batches(hosts, address_batches.MOST):
            known = IPAddress.objects.filter(address__in=[one.address for one in batch], namespace=None)
            stored = {address: by_key[key] for address, key in known.values_list("address", "network_id")}
            wanted: list[tuple[ForeignAddress, Named]] = []
            for one in batch:
                prefix = giving.holding(one.address)
                network = stored.get(one.address) or (prefix.network if prefix else None)
                if network is None:
                    where = nowhere.holding(one.address) or _Nowhere("no network that gives addresses")
                    homeless[one.place, where].append(str(one.address))
                elif not _is_of_vrf(one, network):
                    why = f"not in one of VRF {one.vrf}" if one.vrf else "but has no VRF itself"
                    detail = f"{one.address} lies in network {_in_vrf(network)}, {why}."
                    self._refuse(one.place, errors.NotInPrefix(detail))
                elif one.address in stored:
                    self.outcomes.append(Outcome("address", str(one.address), UNCHANGED))
                else:
                    wanted.append((one, _named(one, network)))
            self._take(wanted)
        for (place, where), texts in homeless.items():
            who = f"{texts[0]} lies" if len(texts) == 1 else f"{len(texts):,} addresses lie"
            which = "" if len(texts) == 1 else f": {some(texts)}"
            self._refuse(place, errors.NotInPrefix(f"{who} in {where.words}{which}.{where.remedy}"))

    def _what_gives_none(self) -> "_LongestPrefix[_Nowhere]":
        """The prefixes of this source that give no addresses, because they hold children or were refused."""
        remedy = " A super network gives no addresses: give them a prefix of their own."
        beside = {cidr: _Nowhere(f"{cidr} beside its children", remedy) for cidr in self._parents}
        return _LongestPrefix(beside | {cidr: _Nowhere(f"{cidr}, which was refused") for cidr in self.reasons})

    def _take(self, wanted: Sequence[tuple[ForeignAddress, Named]]) -> None:
        refused = address_batches.take([named for _, named in wanted])
        for place, (one, _) in enumerate(wanted):
            if place in refused:
                self._refuse(one.place, refused[place])
            else:
                self.outcomes.append(Outcome("address", str(one.address), CREATED))

    def _refuse_prefix(self, one: ForeignPrefix, broken: Sequence[errors.IpamError]) -> None:
        self.reasons[one.cidr] = " ".join(error.detail for error in broken)
        for error in broken:
            self._refuse(one.place, error)

    def _refuse(self, place: str, error: errors.IpamError) -> None:
        self.refused += [type(one)(f"{place}: {one.detail}", field=one.field) for one in error.errors]


def _stored(cidr: IPNetwork) -> Prefix | None:
    first, last = Address(cidr.first, cidr.version), Address(cidr.last, cidr.version)
    return Prefix.objects.filter(first=first, last=last, namespace=None).order_by("-parent").first()


def _judge_container(one: ForeignPrefix) -> list[errors.IpamError]:
    """What is wrong with a container alone, so that it takes no other with it."""
    if one.cidr.prefixlen == Family.of(one.cidr).bits:
        detail = f"{one.cidr} is a single address and has no room for children. Make it no container."
        return [errors.ChildPrefixLengthTooShort(detail)]
    return [
        *rules.judge_canonical([one.cidr], "prefixes"),
        *usable_space.judge_prefixes([one.cidr]),
        *rules.find_overlaps([one.cidr]),
    ]


def _usual_lengths(containers: Iterable[IPNetwork], leaves: Sequence[ForeignPrefix]) -> dict[Family, int]:
    """The commonest length of the leaves of each family, but longer than each container."""
    lengths: dict[Family, int] = {}
    for family in sorted({Family.of(cidr) for cidr in containers}):
        longest = max(cidr.prefixlen for cidr in containers if Family.of(cidr) is family)
        usual = Counter(one.cidr.prefixlen for one in leaves if Family.of(one.cidr) is family).most_common(1)
        lengths[family] = min(family.bits, max(longest + 1, usual[0][0] if usual else 0))
    return lengths


class _Nowhere(NamedTuple):
    """Where an address lies that no network takes, and what to do."""

    words: str
    remedy: str = ""


class _LongestPrefix(Generic[T]):
    """Values by prefix, found by the longest prefix that holds an address, in a look per prefix length."""

    def __init__(self, values: Mapping[IPNetwork, T]) -> None:
        self._values = {(cidr.version, cidr.first, cidr.prefixlen): value for cidr, value in values.items()}
        self._lengths = {
            family: sorted({length for version, _, length in self._values if version == family}, reverse=True)
            for family in Family
        }

    def holding(self, address: Address) -> T | None:
        """The value of the longest prefix that holds the address."""
        family = Family.of(address)
        for length in self._lengths[family]:
            shift = family.bits - length
            if (found := self._values.get((family, address.value >> shift << shift, length))) is not None:
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
