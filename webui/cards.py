"""What a name says of its thing while it is pointed at: what it is, both its families, whose it is, when it is full."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ipam.addressing import Address, Cidr, Family
from ipam.domain.core import access, lookups
from ipam.domain.insight import address_states, block_states, series
from ipam.domain.networks import allocations
from ipam.domain.networks.allocations import Allocation
from ipam.fields import FamilyOf
from ipam.models import Cluster, IPAddress, Machine, Network, Prefix, Project
from webui import network_rows
from webui.listing import count, shown_count
from webui.network_rows import Lane

_SHOWN = 2  # addresses of a machine in each family


@dataclass(frozen=True)
class Card:
    """`lanes` are those of a network, `held` addresses; `facts` are words and what they say."""

    title: str
    what: str
    lanes: Sequence[Lane] = ()
    held: Sequence[object] = ()
    facts: Sequence[tuple[str, object]] = ()


def of_network(key: object) -> Card:
    """Its two lanes with what is left and when they are full; five statements at most."""
    among = series.with_days(Network.objects.select_related("project", "partition", "parent"))
    network = lookups.get(Network, key, among=among)
    place = network.partition and network.partition.display_name
    (row,) = network_rows.rows_of([network])
    facts = [("Project", network.project), ("Partition", place), ("VRF", network.vrf_id), ("Out of", network.parent)]
    return Card(str(network), f"{network.get_type_display()} network", row.lanes, facts=_said(facts))


def of_address(key: object) -> Card:
    """Both halves, and who has them; two statements."""
    return _of_allocation(allocations.get(lookups.get(IPAddress, key).allocation))


def of_machine(key: object) -> Card:
    """Its first addresses of both families; two statements."""
    machine = lookups.get(Machine, key, among=Machine.objects.select_related("project", "partition"))
    held = [text for texts in IPAddress.objects.texts_of([machine.pk])[machine.pk].values() for text in texts[:_SHOWN]]
    place = machine.partition.display_name
    facts = [("Hostname", machine.hostname), ("Project", machine.project), ("Partition", place), ("ASN", machine.asn)]
    return Card(str(machine), machine.role, held=held, facts=_said(facts))


def of_cluster(key: object) -> Card:
    """Its families and its node network; two statements."""
    cluster = lookups.get(Cluster, key, among=Cluster.objects.select_related("project", "network"))
    prefixes = list(cluster.network.prefixes.in_order()) if access.sees(cluster.network) else []
    facts = [("Project", cluster.project), ("Nodes in", cluster.network), ("Kubernetes", cluster.kubernetes_version)]
    return Card(str(cluster), f"{cluster.get_state_display()} cluster", held=prefixes, facts=_said(facts))


def of_project(key: object) -> Card:
    """How many addresses, networks and machines it has; four statements."""
    project = lookups.get(Project, key)
    held = access.visible(IPAddress.objects.filter(project=project)).order_by()
    numbers = {family: count(held.annotate(version=FamilyOf("address")).filter(version=family)) for family in Family}
    networks = access.visible(Network.objects.filter(project=project)).count()
    addresses = [(family.label, f"{shown_count(number)} addresses") for family, number in numbers.items()]
    return Card(str(project), "project", facts=_said([("Tenant", project.tenant), *addresses, ("Networks", networks)]))


def of_place(ip: Address, namespace: Any) -> Card:
    """An address that need not be held: who has it, or what it is; eight statements."""
    found = address_states.of(ip, namespace)
    if found.held:
        return _of_allocation(allocations.get(found.held.allocation))
    return _of_space(ip, found.state, found.prefix)


def of_block(cidr: Cidr, namespace: Any) -> Card:
    """A block: the network that it is of, or what it is; eight statements."""
    found = block_states.of(cidr, namespace)
    is_held = found.state == block_states.State.HELD and found.prefix
    return (
        of_network(found.prefix.network_id) if is_held and found.prefix else _of_space(cidr, found.state, found.prefix)
    )


def _of_space(place: object, state: str, prefix: Prefix | None) -> Card:
    facts = [("In", prefix), ("Of network", prefix and prefix.network)]
    return Card(str(place), state, held=[place], facts=_said(facts))


def _of_allocation(held: Allocation) -> Card:
    one = held.representative
    facts = [("Machine", one.machine), ("Cluster", one.cluster), ("Network", one.network), ("Project", one.project)]
    what = "pair" if len(held.texts) == len(Family) else "address"
    return Card(one.name or held.texts[0], f"{one.type} {what}", held=held.texts, facts=_said(facts))


def _said(facts: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Those that say something."""
    return [(word, value) for word, value in facts if value not in (None, "")]


# By what pages of things begin with.
BY_KIND: Mapping[str, Callable[[object], Card]] = {
    "networks": of_network,
    "addresses": of_address,
    "machines": of_machine,
    "clusters": of_cluster,
    "projects": of_project,
}
