"""Addresses that a cluster owns: those of its load balancers, and the pair that its API is reached by.

They are static, in the cluster's families and its alone: a pool lists nothing else, nobody takes or releases one by
itself, and they go back with the cluster. Its firewalls' addresses are those of the machines that they are.
"""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery

from ipam import errors
from ipam.domain.clusters import planning
from ipam.domain.core import history, states
from ipam.domain.core.operations import operation
from ipam.domain.networks import acquisition, address_rules, addresses, quotas
from ipam.fields import stored, text_of
from ipam.models import Cluster, IPAddress, Machine, MachineNetwork, Network
from ipam.models.events import Verb

LOAD_BALANCERS, API, FIREWALLS = "load_balancer_ips", "api_ips", "firewall_ips"


@operation
def take_for_load_balancers(cluster: Cluster, network: Network, *, count: int = 1) -> list[IPAddress]:
    """Take so many (1..1000) whole allocations for services of a cluster, one address of each of its families each.

    Exhausted or FamilyNotInNetwork takes nothing; WrongState for a cluster that is released.
    """
    current = _lock(cluster)
    held = _take(current, network, count)
    current.revise()
    history.record(Verb.ALLOCATE, current, begun=held)
    quotas.charge(begun=held)
    return held


@operation
def take_for_api(cluster: Cluster, network: Network) -> list[IPAddress]:
    """Take the addresses that the API of a cluster is reached by; AlreadyExists when it has them."""
    current = _lock(cluster)
    if current.api_allocation:
        raise errors.AlreadyExists(f"{current} has addresses for its API already. Give those back first.")
    held = _take(current, network, 1)
    before = states.of(current)
    current.revise(api_allocation=held[0].allocation)
    history.record(Verb.ALLOCATE, current, before=before, after=states.of(current), begun=held)
    quotas.charge(begun=held)
    return held


@operation
def give_back(cluster: Cluster, allocation: UUID) -> None:
    """Give back one allocation of a cluster, of its load balancers or its API; NotFound when it has none such."""
    current = planning.lock(cluster)
    held = addresses.lock(IPAddress.objects.filter(cluster=current, allocation=allocation))
    if not held:
        raise errors.NotFound(f"{current} has no allocation {allocation}. It may have been given back already.")
    api = None if current.api_allocation == allocation else current.api_allocation
    current.revise(api_allocation=api)
    _give_back(current, held)


def give_all_back(cluster: Cluster) -> list[IPAddress]:
    """Give back all that a locked cluster owns, for an operation that leaves the event."""
    held = addresses.lock(IPAddress.objects.filter(cluster=cluster))
    acquisition.give_back(held)
    quotas.charge(ended=held)
    return held


def of(clusters: Collection[Cluster]) -> dict[UUID, dict[str, list[str]]]:
    """What each of these clusters has, as texts, IPv4 first; one statement each for what it owns and its firewalls."""
    found: dict[UUID, dict[str, list[str]]] = {one.pk: {LOAD_BALANCERS: [], API: [], FIREWALLS: []} for one in clusters}
    apis = {one.api_allocation for one in clusters}
    owners = [one.pk for one in clusters if one.owns]
    owned = IPAddress.objects.filter(cluster__in=owners).order_by("address") if owners else IPAddress.objects.none()
    for key, allocation, address in owned.values_list("cluster", "allocation", stored("address")):
        found[key][API if allocation in apis else LOAD_BALANCERS].append(text_of(address))
    by_network = _of_firewalls({one.network_id for one in clusters if one.firewalls})
    for one in clusters:
        found[one.pk][FIREWALLS] = by_network.get(one.network_id, [])
    return found


def _of_firewalls(networks: Collection[str]) -> dict[str, list[str]]:
    """The addresses of the firewalls of each of these node networks, wherever those lead to."""
    found: dict[str, list[str]] = {}
    if networks:
        joined = MachineNetwork.objects.filter(network__in=networks, machine__role=Machine.Role.FIREWALL)
        there = joined.filter(machine=OuterRef("machine")).values("network")[:1]
        held = IPAddress.objects.filter(machine__in=joined.values("machine")).annotate(there=Subquery(there))
        for network, address in held.order_by("address").values_list("there", stored("address")):
            found.setdefault(network, []).append(text_of(address))
    return found


def _lock(cluster: Cluster) -> Cluster:
    current = planning.lock(cluster)
    if current.state == Cluster.State.RELEASED:
        raise errors.WrongState(f"{current} is released: it gets no addresses any more.")
    return current


def _take(cluster: Cluster, network: Network, count: int) -> list[IPAddress]:
    addresses.require_allocation(network, cluster.project)
    address_rules.check_request((), (), count)
    address_rules.check_may_take(network, cluster.project)
    shared: dict[str, Any] = {"project_id": cluster.project_id, "cluster_id": cluster.pk, "name": cluster.name}
    families = sorted(cluster.address_families)
    return acquisition.take(network, families=families, count=count, type=IPAddress.Type.STATIC, **shared)


def _give_back(cluster: Cluster, held: Sequence[IPAddress]) -> None:
    acquisition.give_back(held)
    history.record(Verb.RELEASE, cluster, ended=held)
    quotas.charge(ended=held)
