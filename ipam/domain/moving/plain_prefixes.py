"""Prefixes and addresses of another IPAM, which knows no types of networks, as rows of networks of ours.

Prefixes that hold others are containers: together they are one super network, and what lies directly or deeper in
them, without holding anything, are its children. Prefixes that hold nothing and lie in nothing are external networks.
What is there already with the same prefix or address is left alone and used.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family, some
from ipam.domain.core import bulk_insert
from ipam.domain.files.columns import Kind
from ipam.domain.files.kinds import ADDRESSES, NETWORKS, PREFIXES, VRFS
from ipam.domain.files.outcomes import Existing, ParsedRow
from ipam.domain.files.range_kind import RANGES
from ipam.domain.files.references import Rows, Shared
from ipam.domain.moving.foreign_entries import Foreign, ForeignAddress, ForeignPrefix, sort_prefixes
from ipam.domain.moving.longest_prefix import LongestPrefix
from ipam.domain.networks import rules
from ipam.domain.networks.address_batches import MAX
from ipam.domain.space import usable_space
from ipam.models import IPAddress, Network, Partition, Prefix
from ipam.models.networks import NetworkType


class PlainPrefixes:
    """What another IPAM has, on its way in.

    Networks are named after their `source` and made in the `partition`; addresses are static. `vrf_remedy` says where
    this source names the VRF of a prefix that stands alone.
    """

    def __init__(self, source: str, found: Foreign, partition: Partition | None, *, vrf_remedy: str) -> None:
        self._source, self._found, self._partition, self._vrf_remedy = source, found, partition, vrf_remedy
        self._sorted = sort_prefixes(found.prefixes)
        self._places = count(1)
        self._parents: dict[IPNetwork, str] = {}  # container → the super network that has it, or shall have it
        self._reasons: dict[IPNetwork, str] = {}  # container that is refused → why, for what lies in it
        self.made: list[str] = []  # networks of one prefix that are not there yet, and will be unless they are refused

    def sections(self) -> Iterator[tuple[Kind | None, Iterable[ParsedRow]]]:
        """Rows by kind; VRFs before a network draws one of their VNIs, and what was not read before all."""
        self._places = count(1)
        self._parents, self._reasons, self.made = {}, {}, []
        yield None, (replace(row, place=next(self._places) if row.name else 0) for row in self._found.broken)
        yield VRFS, (replace(row, place=next(self._places)) for row in self._found.vrfs)
        yield NETWORKS, self._networks()
        if any(one.is_pool for one in self._found.prefixes):
            yield PREFIXES, self._pools()
        yield ADDRESSES, self._addresses()
        if self._found.ranges:
            yield RANGES, self._ranges()

    def not_kept(self) -> Iterator[str]:
        """What was not read, levels between container and children, and what containers were called."""
        yield from self._found.not_kept
        for one in self._sorted.intermediate:
            yield (
                f"{one.place}: a level between container and children, of which there is none here; its children "
                "were kept."
            )
        stored = _stored(self._sorted.containers)
        for one in self._sorted.containers:
            if one.cidr in stored and (one.vrf or any(value for name, value in one.said.items() if name != "project")):
                words = "its name, description, labels and VRF"
                yield f"{one.place}: {words}, for it became one prefix of a super network."

    def _row(
        self, name: str, values: Mapping[str, Any], *broken: errors.IpamError, existing: Existing = Existing.LEAVE
    ) -> ParsedRow:
        return ParsedRow(next(self._places), values, broken, name=name, existing=existing)

    # --- networks ---------------------------------------------------------------------------------
    def _networks(self) -> Iterator[ParsedRow]:
        stored = _stored(self._found.prefixes)
        yield from self._containers(stored)
        for one in self._sorted.standalone:
            if one.cidr in stored or one.vrf is not None:
                yield self._network(one, stored, type=NetworkType.EXTERNAL, partition=self._partition_id)
            else:
                detail = f"it stands alone, so it becomes an external network, and those need a VRF. {self._vrf_remedy}"
                yield self._row(one.place, {}, errors.Required(detail, field="vrf"))
        for one, container in self._sorted.leaves:
            if one.cidr in stored or container.cidr in self._parents:
                yield self._network(one, stored, type=NetworkType.CHILD, parent=self._parents.get(container.cidr))
            else:
                detail = f"it lies in {container.cidr}, which was refused: {self._reasons[container.cidr]}"
                yield self._row(one.place, {}, errors.NoParentNetwork(detail))

    def _network(self, one: ForeignPrefix, stored: Mapping[IPNetwork, Network], **of_type: Any) -> ParsedRow:
        """A network with just this prefix, or the one that has it already."""
        if found := stored.get(one.cidr):
            if one.vrf in (None, found.vrf_id):
                return self._row(one.place, {"id": found.pk})
            detail = f"it is there already, in network {_in_vrf(found)}, not {one.vrf}."
            return self._row(one.place, {}, errors.AlreadyExists(detail))
        key = f"{self._source}-{re.sub('[^0-9a-f]+', '-', str(one.cidr)).strip('-')}"
        self.made.append(key)
        values = {
            **one.said,
            "id": key,
            "vrf": one.vrf,
            "vrf_shared": one.vrf is not None,
            "prefixes": [one.cidr],
            **of_type,
        }
        return self._row(one.place, values, existing=Existing.COMPARE)  # the id may be that of another network

    @property
    def _partition_id(self) -> str | None:
        return self._partition.pk if self._partition else None

    def _containers(self, stored: Mapping[IPNetwork, Network]) -> Iterator[ParsedRow]:
        """One super network of all containers that are not there yet; a refused one takes no other with it."""
        fitting: list[ForeignPrefix] = []
        for one in self._sorted.containers:
            if found := stored.get(one.cidr):
                self._parents[one.cidr] = found.pk
            elif broken := _violations_of_container(one):
                self._reasons[one.cidr] = " ".join(error.detail for error in broken)
                yield self._row(one.place, {}, *broken)
            else:
                fitting.append(one)
        if fitting:
            key = f"{self._source}-{self._partition_id or 'super'}"
            self._parents |= {one.cidr: key for one in fitting}
            yield self._super(key, fitting)

    def _super(self, key: str, containers: Sequence[ForeignPrefix]) -> ParsedRow:
        """The super network of this source, with these containers too."""
        cidrs = sorted((one.cidr for one in containers), key=lambda cidr: cidr.version)
        lengths = _usual_lengths(cidrs, [leaf for leaf, _ in self._sorted.leaves])
        found = Network.objects.filter(pk=key).first()
        values: dict[str, Any] = {"id": key, "prefixes": cidrs, "default_child_prefix_length": lengths}
        if found is not None:
            values["prefixes"] = [*(prefix.cidr for prefix in found.prefixes.in_order()), *cidrs]
            values["default_child_prefix_length"] = {**lengths, **found.default_child_prefix_length}
        else:
            name = f"Containers of {self._source}"
            values |= {"type": NetworkType.SUPER, "name": name, "partition": self._partition_id}
        return self._row(some([one.place for one in containers]), values, existing=Existing.CHANGE)

    # --- ranges, pools ----------------------------------------------------------------------------
    def _pools(self) -> Iterator[ParsedRow]:
        """Prefixes of which every address is usable, in networks that give addresses."""
        stored = _stored(self._found.prefixes)
        for one in self._found.prefixes:
            if one.is_pool and (network := stored.get(one.cidr)) and not network.is_super:
                values = {"network": network.pk, "prefix": one.cidr, "reserve_ends": False}
                yield self._row(one.place, values, existing=Existing.CHANGE)

    def _ranges(self) -> Iterator[ParsedRow]:
        """Each in the network with the longest prefix that its first address lies in."""
        prefixes = Prefix.objects.filter(namespace=None).select_related("network")
        holding = LongestPrefix({one.cidr: one.network for one in prefixes.order_by("length")})
        for one in self._found.ranges:
            network = holding.holding(one.first)
            values = {"first": one.first, "last": one.last, "use": one.use, **one.said}
            if network is None:
                detail = f"{one.first} lies in no network. Bring the prefix that it is of."
                yield self._row(one.place, values, errors.NotInPrefix(detail))
            else:
                yield self._row(one.place, {**values, "network": network.pk})

    # --- addresses --------------------------------------------------------------------------------
    def _addresses(self) -> Iterator[ParsedRow]:
        """Each in the network that gives it; said where it lies if none does."""
        prefixes = Prefix.objects.exclude(network__in=Network.objects.supers()).filter(namespace=None)
        giving = LongestPrefix({one.cidr: one.network for one in prefixes.select_related("network")})
        nowhere = self._what_gives_none()
        for one in self._found.addresses:
            values: dict[str, Any] = {"ip": one.address}
            network = giving.holding(one.address)
            if network is None:
                where, remedy = nowhere.holding(one.address) or ("no network that gives addresses", "")
                yield self._row(one.place, values, _Nowhere(one, where, remedy))
            elif not (network.vrf_id == one.vrf if one.vrf else network.vrf_id not in self._found.vnis):
                why = f"not in one of VRF {one.vrf}" if one.vrf else "but has no VRF itself"
                detail = f"{one.address} lies in network {_in_vrf(network)}, {why}."
                yield self._row(one.place, values, errors.NotInPrefix(detail))
            else:
                yield self._row(one.place, {**values, **one.said, "network": network.pk, "type": IPAddress.Type.STATIC})

    def _what_gives_none(self) -> LongestPrefix[tuple[str, str]]:
        """Prefixes of this source that give no addresses, as they hold children or were refused; and what to do."""
        remedy = " A super network gives no addresses: give them a prefix of their own."
        stored = _stored(self._found.prefixes)
        beside = {cidr: (f"{cidr} beside its children", remedy) for cidr in self._parents if cidr in stored}
        wanted = {one.cidr for one in self._found.prefixes} - {one.cidr for one in self._sorted.intermediate}
        return LongestPrefix(beside | {cidr: (f"{cidr}, which was refused", "") for cidr in wanted - stored.keys()})


class _Nowhere(Shared, errors.NotInPrefix):
    """An address lies where no network gives any, perhaps with others of its place."""

    def __init__(self, one: ForeignAddress, where: str, remedy: str) -> None:
        self.alike = self._place, self._where = one.place, where
        self._remedy = remedy
        super().__init__(f"{one.address} lies in {where}.{remedy}")

    def together(self, kind: str, rows: Rows) -> errors.IpamError:
        who = f"{rows} lies" if rows.count == 1 else f"{rows.count:,} {kind} lie"
        which = "" if rows.count == 1 else f": {rows}"
        return errors.NotInPrefix(f"{self._place}: {who} in {self._where}{which}.{self._remedy}")


def _stored(prefixes: Iterable[ForeignPrefix]) -> dict[IPNetwork, Network]:
    """The networks that have just these prefixes; of a parent and its child the child."""
    found: dict[IPNetwork, Network] = {}
    for batch in bulk_insert.batches((one.cidr for one in prefixes), MAX):
        firsts = [Address(cidr.first, cidr.version) for cidr in batch]
        same = Prefix.objects.filter(first__one_of=firsts, namespace=None).select_related("network")
        held = {(one.cidr, one.parent_id is not None): one.network for one in same}
        found |= {cidr: one for cidr in batch if (one := held.get((cidr, True)) or held.get((cidr, False)))}
    return found


def _violations_of_container(one: ForeignPrefix) -> list[errors.IpamError]:
    """What is wrong with a container alone, so that it takes no other with it."""
    if one.cidr.prefixlen == Family.of(one.cidr).bits:
        detail = f"{one.cidr} is a single address and has no room for children. Make it no container."
        return [errors.ChildPrefixLengthTooShort(detail)]
    return [
        *rules.violations_of_canonical([one.cidr], "prefixes"),
        *usable_space.violations_of_prefixes([one.cidr]),
        *rules.find_overlaps([one.cidr], network=Network()),
    ]


def _usual_lengths(containers: Iterable[IPNetwork], leaves: Sequence[ForeignPrefix]) -> dict[Family, int]:
    """The commonest length of the leaves of each family, but longer than each container."""
    lengths: dict[Family, int] = {}
    for family in sorted({Family.of(cidr) for cidr in containers}):
        longest = max(cidr.prefixlen for cidr in containers if Family.of(cidr) is family)
        usual = Counter(one.cidr.prefixlen for one in leaves if Family.of(one.cidr) is family).most_common(1)
        lengths[family] = min(family.bits, max(longest + 1, usual[0][0] if usual else 0))
    return lengths


def _in_vrf(network: Network) -> str:
    return f"{network.pk} of VRF {network.vrf_id}" if network.vrf_id else f"{network.pk} without VRF"
