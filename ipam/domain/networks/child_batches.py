"""Children that come from elsewhere, many together: those of which nothing is in the way of `children.import_child`.

They are judged one by one in memory, by the rules of that, against what was read for all of them; written together.
"""

import itertools
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam import errors
from ipam.domain.core import history, lookups, states
from ipam.domain.core.operations import operation
from ipam.domain.networks import batch_rules, child_rules, children, ids, quotas, vrfs
from ipam.domain.networks.network_fields import NewNetwork
from ipam.domain.space import free_space
from ipam.domain.space.bulk_acquisition import Carving
from ipam.models import Network, Prefix
from ipam.models.events import Verb
from ipam.models.networks import NetworkType


class _Child(NamedTuple):
    """A network that is not stored yet, and the parent's prefix that each of its own lies in."""

    network: Network
    sources: dict[IPNetwork, Prefix]


class Batch:
    """Children that are made together, of all that are `wanted`, in that order."""

    def __init__(self, wanted: Sequence[NewNetwork]) -> None:
        self._ids = ids.find_taken(Network, [new.id for new in wanted])
        self._parents = _find_parents({new.parent.pk for new in wanted if new.parent})
        self._prefixes = batch_rules.KnownPrefixes(self._parents.values())
        projects = {new.project.pk for new in wanted if new.project}
        shared = Network.objects.filter(type=NetworkType.CHILD_SHARED, project__in=projects)
        self._sharing = set(shared.values_list("project", flat=True))
        naming = [new.vrf for new in wanted if (parent := self._parent(new)) and parent.vrf_id is None]
        self._vrfs = vrfs.Batch([vni for vni in naming if vni is not None], naming.count(None))
        _lock_namespaced(self._parents.values())  # after the numbers, as carving does
        self._space = Carving(
            (source, new.project.pk if new.project and source.network.is_namespaced else None, cidr)
            for new in wanted
            for cidr, source in self._sources(new).items()
        )
        self._add_untouched(projects)
        self._chosen: list[_Child] = []

    def add(self, new: NewNetwork, accept: Callable[[Network], object]) -> Network | None:
        """The network that will be made; None if something is in its way, of which `children.import_child` tells.

        `accept` may refuse it as well.
        """
        try:
            child = self._validate(new)
            if child is not None:
                accept(child.network)
        except errors.IpamError:
            return None
        if child is None:
            return None
        self._take(child)
        return child.network

    def store(self) -> None:
        """Make those that were added: all of them or, where the database refuses one, none."""
        _store(self._chosen, self._vrfs, self._space)

    def _validate(self, new: NewNetwork) -> _Child | None:
        """As `children.import_child` does; nothing is taken yet."""
        ids.check_spelling(Network, new.id)
        child_rules.check_imported_fields(new)
        children.require(new)
        batch_rules.check_labels(new.labels)
        parent, sources = self._parent(new), self._sources(new)
        is_second = new.type == NetworkType.CHILD_SHARED and new.project and new.project.pk in self._sharing
        if new.id.lower() in self._ids or parent is None or is_second or not _are_apart(new.prefixes):
            return None
        child_rules.check_owner(new, parent)
        network = children.unstored(new, parent)
        children.check_prefixes(network, new.prefixes, parent, sources)
        is_free = (self._space.is_free(source, network.namespace_id, cidr) for cidr, source in sources.items())
        if len(sources) < len(new.prefixes) or not all(is_free):
            return None
        if parent.vrf_id is not None and new.vrf not in (None, parent.vrf_id):
            return None
        network.vrf = parent.vrf or self._vrfs.choose(new.vrf, shared=new.vrf_shared)
        return _Child(network, sources) if network.vrf else None

    def _take(self, child: _Child) -> None:
        network = child.network
        self._ids.add(network.pk.lower())
        if network.is_shared_child and network.project_id:
            self._sharing.add(network.project_id)
        if network.vrf and not (network.parent and network.parent.vrf_id):
            self._vrfs.take(network.vrf, shared=network.vrf_shared)
        for cidr, source in child.sources.items():
            self._space.take(source, network.namespace_id, cidr)
        self._chosen.append(child)

    def _parent(self, new: NewNetwork) -> Network | None:
        """The super network that a child names, as it is now; none for one that names a partition besides."""
        return self._parents.get(new.parent.pk) if new.parent and not new.partition else None

    def _sources(self, new: NewNetwork) -> dict[IPNetwork, Prefix]:
        """The parent's prefixes that those of the child lie in, as far as they do."""
        parent = self._parent(new)
        found = {
            cidr: self._prefixes.holding(parent, Address(cidr.first, cidr.version)) for cidr in new.prefixes if parent
        }
        return {cidr: source for cidr, source in found.items() if source and cidr.last <= source.last.value}

    def _add_untouched(self, projects: Collection[UUID]) -> None:
        """Namespaced parents are wholly free for projects that have never taken from them."""
        parents = [parent for parent in self._parents.values() if parent.is_namespaced]
        if parents:
            opened = free_space.opened(parents, projects)
            for parent in parents:
                for project_id in projects:
                    if (parent.pk, project_id) not in opened:
                        self._space.add_untouched(self._prefixes.of_network[parent.pk], project_id)


def _find_parents(keys: Collection[str]) -> dict[str, Network]:
    """The super networks among these."""
    found = Network.objects.supers().filter(pk__in=keys).select_related("vrf", "partition").order_by("pk")
    return {parent.pk: parent for parent in found}


def _lock_namespaced(parents: Iterable[Network]) -> None:
    """Lock those that become free for one project after the other."""
    if namespaced := [parent.pk for parent in parents if parent.is_namespaced]:
        lookups.lock_all(Network.objects.filter(pk__in=namespaced).order_by("pk"), no_key=True)


def _are_apart(cidrs: Sequence[IPNetwork]) -> bool:
    ordered = sorted(cidrs, key=lambda cidr: (cidr.version, cidr.first))
    return all(
        lower.version != upper.version or lower.last < upper.first for lower, upper in itertools.pairwise(ordered)
    )


@operation
def _store(chosen: Sequence[_Child], chosen_vrfs: vrfs.Batch, space: Carving) -> None:
    chosen_vrfs.store()
    Network.objects.bulk_create(child.network for child in chosen)
    prefixes = Prefix.objects.bulk_create(
        Prefix.of(cidr, network=child.network, parent=source, namespace_id=child.network.namespace_id)
        for child in chosen
        for cidr, source in child.sources.items()
    )
    space.store()
    free_space.open_children(prefixes)
    made = [(child.network, states.of(child.network, prefixes=list(child.sources))) for child in chosen]
    history.record_made(Verb.CREATE, made, blocks_begun=prefixes)
    quotas.charge(blocks_begun=prefixes)
