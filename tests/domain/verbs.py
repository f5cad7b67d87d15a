"""A small cast, and every verb that changes it: each looks up what it needs when it runs, as a request does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from ipam.domain.clusters import belongings, lifecycle, planning, service_ranges
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.core import lookups
from ipam.domain.networks import (
    address_batches,
    address_holders,
    addresses,
    allocations,
    bulk,
    children,
    claims,
    completion,
    machines,
    network_moves,
    networks,
    partitions,
    plain_roots,
    prefixes,
    projects,
    quota_limits,
    ranges,
    resizing,
    splitting,
    vrfs,
)
from ipam.domain.networks.batch_rules import Named
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.networks.network_fields import NewNetwork
from ipam.domain.networks.ranges import Bounds
from ipam.domain.undo import undoing
from ipam.models import (
    VRF,
    AddressRange,
    Claim,
    Cluster,
    Event,
    IPAddress,
    Machine,
    Network,
    Partition,
    Prefix,
    Project,
)
from tests.builders import IPV4, IPV6, child, cidrs, external, ip, namespaced, super_network

MACHINE = "m1"
PLAIN = "go-ipam-10.50.0.0-24"
HALF, CLAIMED, FREE, FAR = "192.0.2.1", "192.0.2.2", "192.0.2.9", "198.51.100.1"


def cast() -> None:
    """An external network `net` whose allocations still lack IPv6, one of them claimed, one released.

    A machine with an address of each family in it, not joined, and a pair in `lan`; a super network with a child of one
    family; a claimed VRF; clusters in all states; quotas that count all of it.
    """
    site, alice = partitions.create(id="site"), projects.create(name="alice")
    net = networks.create(external(id="net", vrf=300, prefixes=cidrs("192.0.2.0/28", "198.51.100.0/30"),
                                   destination_prefixes=()))  # fmt: skip
    addresses.allocate(net, project=alice, name="half")
    claims.claim(net, project=alice, name="svc")
    addresses.release_many(addresses.allocate(net, project=alice, name="gone", addresses=[ip("192.0.2.10")]))
    tenants = networks.create(
        super_network(partition=site, prefixes=cidrs("10.0.0.0/24", "2001:db8:1::/116"), vrf=301,
                      default_child_prefix_length={IPV4: 28, IPV6: 124}, cluster_ranges="strict")
    )  # fmt: skip
    lan = networks.create(child(parent=tenants, project=alice, name="lan"))
    joined = [Attachment(network=lan), Attachment(network=net)]
    machine = machines.allocate(id=MACHINE, name="m1", project=alice, partition=site, networks=joined)
    networks.add_prefix(net, *cidrs("2001:db8:2::/124"))
    addresses.allocate(net, project=alice, families=[IPV6], machine=machine, name="m1")
    networks.create(child(parent=tenants, project=alice, name="single", address_family=[IPV4]))
    children.import_child(
        NewNetwork(
            type="child",
            id="double",
            name="double",
            parent=tenants,
            project=alice,
            prefixes=cidrs("10.0.0.112/28", "10.0.0.96/28", "2001:db8:1::f80/124"),
        )
    )
    networks.create(external(id="empty", vrf=302, prefixes=cidrs("203.0.113.0/30", "203.0.113.8/30"),
                             destination_prefixes=()))  # fmt: skip
    networks.create(super_network(id="bare", prefixes=cidrs("10.9.0.0/24"), default_child_prefix_length={IPV4: 28}))
    networks.create(namespaced(prefixes=cidrs("100.64.0.0/24"), default_child_prefix_length={IPV4: 26}))
    plain_roots.create(cidrs("10.50.0.0/24")[0], project=alice, namespace="root")
    vrfs.create(id=50)
    ranges.create(net, Bounds(first=ip("192.0.2.11"), last=ip("192.0.2.12")), name="kept")
    for resource in ("addresses", "networks", "space"):
        for family in (IPV4, IPV6):
            quota_limits.create(project=alice, address_family=family, resource=resource, limit=2**100)
    for name, reserve in (("reserved", True), ("draft", False)):
        lifecycle.create(NewCluster(name=name, project=alice, parent=tenants, wanted_nodes=4), reserve=reserve)
    belongings.take_for_load_balancers(Cluster.objects.get(name="reserved"), net)


@dataclass(frozen=True)
class Verb:
    """`touches` names the rows that it is about; when it was done, nothing is in `left`.

    `splits`: afterwards the addresses of an allocation need not share their words any more.
    """

    touches: frozenset[str]
    run: Callable[[], object]
    left: Callable[[], QuerySet[Any]] | None = None
    splits: bool = False


def _project() -> Project:
    return Project.objects.get(name="alice")


def _network(key: str) -> Network:
    """By id, or a child by its name, which the cast gives once."""
    found = Network.objects.filter(name=key).values_list("pk", flat=True).first()
    return lookups.get(Network, found or key)


def _address(text: str) -> IPAddress:
    found = IPAddress.objects.filter(address=ip(text)).values_list("pk", flat=True).first()
    return lookups.get(IPAddress, found)


def _allocation(text: str) -> Any:
    return _address(text).allocation


def _query(text: str) -> QuerySet[IPAddress]:
    return IPAddress.objects.filter(allocation=_allocation(text))


def _allocate(network: str = "net", **wanted: Any) -> object:
    return addresses.allocate(_network(network), project=_project(), **wanted)


def _machine(network: str = "lan", **attachment: Any) -> object:
    joined = [Attachment(network=_network("lan")), *(
        [Attachment(network=_network(network), **attachment)] if network != "lan" else []
    )]  # fmt: skip
    return machines.allocate(project=_project(), partition=Partition.objects.get(), networks=joined)


def _import(network: str, text: str, **more: Any) -> object:
    one = Named(address=ip(text), network=_network(network), project=_project(), **more)
    for refusal in address_batches.take([one]).values():
        raise refusal
    return None


def _changed(refused: Any) -> None:
    for refusal in refused.values():
        raise refusal


def _complete() -> object:
    return completion.complete(_network("net"), IPV6)


def _carve(parent: str, **wanted: Any) -> object:
    return networks.create(child(parent=_network(parent), project=_project(), **wanted))


def _adopt(parent: str, cidr: str) -> object:
    return children.import_child(
        NewNetwork(type="child", id="adopted", parent=_network(parent), project=_project(), prefixes=cidrs(cidr))
    )


def _root(**changes: Any) -> object:
    return networks.create(external(**{"id": "made", "vrf": 60, "destination_prefixes": ()} | changes))


def _take_of_plain() -> object:
    made = plain_roots.make_external(_network(PLAIN), _project(), namespace="root")
    return addresses.allocate(made, project=_project())


def _delete(network: str) -> None:
    networks.delete(_network(network))


def _limit(resource: str, network: str) -> object:
    return quota_limits.create(
        project=_project(), network=_network(network), address_family=IPV4, resource=resource, limit=2**100
    )


def _lay(network: str, first: str, last: str) -> object:
    return ranges.create(_network(network), Bounds(first=ip(first), last=ip(last)))


def _prefix(cidr: str) -> Prefix:
    found = Prefix.objects.equal_to(*cidrs(cidr)).values_list("pk", flat=True).first()
    return lookups.get(Prefix, found)


def _resize(cidr: str, wanted: str) -> object:
    return resizing.resize(_prefix(cidr), *cidrs(wanted))


def _kept() -> object:
    return AddressRange.objects.filter(name="kept").values_list("pk", flat=True).first()


def _cluster(name: str) -> Cluster:
    found = Cluster.objects.filter(name=name).values_list("pk", flat=True).first()
    return planning.get(found)


def _owned() -> IPAddress:
    """An address that a cluster of the cast owns."""
    return IPAddress.objects.filter(cluster__name="reserved").earliest("pk")


def _ownerless() -> QuerySet[IPAddress]:
    """What a cluster that is gone still owns."""
    return IPAddress.objects.filter(cluster__state=Cluster.State.RELEASED)


def _event(name: str) -> int:
    """What has just become of what is called so."""
    return Event.objects.filter(object_name=name, is_undoable=True).latest("pk").pk


def _half() -> QuerySet[IPAddress]:
    """What is in the allocation of the cast that lacks IPv6: its addresses in `net` that no machine has."""
    return IPAddress.objects.filter(network="net", name__in=["half", "renamed"], machine=None)


def _of_machine() -> QuerySet[IPAddress]:
    return IPAddress.objects.filter(name="m1")


def _set_gateway(address: str) -> Prefix:
    """Let an address be the gateway of its prefix."""
    return prefixes.update(_network("net").prefixes.containing_address(ip(address)).get(), gateway=ip(address))


def _claimed() -> QuerySet[IPAddress]:
    """What a claim holds without being there."""
    known = Claim.objects.values("allocation")
    return IPAddress.objects.filter(network="net", name="svc").exclude(allocation__in=known)


def _claim() -> Claim:
    return claims.get(_network("net"), project=_project(), name="svc")


def _verb(touches: str, run: Callable[[], object], **more: Any) -> Verb:
    return Verb(frozenset(touches.split()), run, **more)


VERBS: dict[str, Verb] = {
    # an allocation of one family
    "update address": _verb("half", lambda: addresses.update(_address(HALF), description="told"), splits=True),
    "update allocation": _verb("half", lambda: addresses.update_allocation(_allocation(HALF), name="renamed"),
                               left=lambda: _half().exclude(name="renamed")),
    "make static": _verb("half", lambda: addresses.make_static(_query(HALF)),
                         left=lambda: _half().exclude(type="static")),
    "label": _verb("half", lambda: bulk.label(_query(HALF), add={"a": "b"}, remove={}),
                   left=lambda: _half().exclude(labels={"a": "b"})),
    "release address": _verb("half space", lambda: addresses.release(_address(HALF)), splits=True,
                             left=lambda: IPAddress.objects.filter(address=ip(HALF), name="half")),
    "release allocation": _verb("half space", lambda: addresses.release_allocation(_allocation(HALF)), left=_half),
    "release many": _verb("half space", lambda: addresses.release_many(_query(HALF)), left=_half),
    "undo allocation": _verb("half space", lambda: undoing.undo(_event("half")), splits=True,
                             left=lambda: IPAddress.objects.filter(address=ip(HALF), name="half")),
    "undo release": _verb("half space", lambda: undoing.undo(_event("gone"))),
    "import counterpart": _verb("half", lambda: _import("net", "2001:db8:2::9", allocation=_allocation(HALF)),
                                splits=True),
    "import change": _verb("half", lambda: _changed(
        address_batches.change({_address(HALF).pk: {"description": "imported"}})), splits=True),
    "import machine": _verb("half machine", lambda: _changed(
        address_batches.join({_address(HALF).pk: lookups.get(Machine, MACHINE)})), splits=True),
    "machine with named": _verb("half machine", lambda: _machine("net", ips=[ip(HALF)]), splits=True),
    "attach": _verb("half machine", lambda: address_holders.hand_over(
        [_address(HALF)], lookups.get(Machine, MACHINE), type="static"), splits=True),
    "complete": _verb("half claim machine space", _complete),
    # a claim
    "claim": _verb("claim", lambda: claims.claim(_network("net"), project=_project(), name="svc")),
    "claim anew": _verb("claim space", lambda: claims.claim(_network("net"), project=_project(), name="new")),
    "release claim": _verb("claim space", lambda: claims.release(_claim()), left=_claimed),
    "update claimed": _verb("claim", lambda: addresses.update_allocation(_allocation(CLAIMED), description="told")),
    "release claimed": _verb("claim", lambda: addresses.release_allocation(_allocation(CLAIMED))),
    # a machine
    "release machine": _verb("machine given space asn", lambda: machines.release(lookups.get(Machine, MACHINE)),
                             left=_of_machine),
    "join": _verb("half machine", lambda: allocations.join(
        list(IPAddress.objects.filter(machine=MACHINE, network="net").values_list("pk", flat=True)))),
    "part": _verb("machine", lambda: allocations.part(
        IPAddress.objects.filter(machine=MACHINE, network__name="lan")[0].allocation)),
    "take off": _verb("machine", lambda: address_holders.hand_over(
        list(IPAddress.objects.filter(machine=MACHINE, network="net", family=4)), None, type="static", name="off"),
        splits=True),
    "update machine": _verb("machine", lambda: machines.update(lookups.get(Machine, MACHINE), name="m1")),
    "address for machine": _verb("machine space", lambda: _allocate(machine=lookups.get(Machine, MACHINE), name="m1")),
    "machine": _verb("machine asn lan given partition", _machine),
    "machine with pair": _verb("space asn", lambda: _machine("net")),
    # the space of a network
    "allocate": _verb("space project", _allocate),
    "allocate three": _verb("space", lambda: _allocate(count=3)),
    "allocate named": _verb("space", lambda: _allocate(addresses=[ip(FREE)])),
    "gateway": _verb("space", lambda: _set_gateway(FREE)),
    "import address": _verb("space project", lambda: _import("net", FREE)),
    "remove prefix": _verb("space", lambda: networks.remove_prefix(_network("net"), *cidrs("198.51.100.0/30"))),
    "add prefix": _verb("space roots", lambda: networks.add_prefix(_network("net"), *cidrs("198.51.100.8/30"))),
    "allocate far": _verb("space", lambda: _allocate(addresses=[ip(FAR)])),
    "import far": _verb("space", lambda: _import("net", FAR)),
    # a network without anything
    "delete empty": _verb("empty vrf", lambda: _delete("empty"), left=lambda: Network.objects.filter(pk="empty")),
    "update empty": _verb("empty", lambda: networks.update(_network("empty"), name="told")),
    "allocate in empty": _verb("empty", lambda: _allocate("empty")),
    "allocate named in empty": _verb("empty", lambda: _allocate("empty", addresses=[ip("203.0.113.9")])),
    "import in empty": _verb("empty", lambda: _import("empty", "203.0.113.9")),
    "claim in empty": _verb("empty", lambda: claims.claim(_network("empty"), project=_project(), name="vip")),
    "complete empty": _verb("empty", lambda: completion.complete(_network("empty"), IPV4)),
    "machine in empty": _verb("empty", lambda: _machine("empty", auto=False)),
    "remove prefix of empty": _verb("empty", lambda: networks.remove_prefix(
        _network("empty"), *cidrs("203.0.113.8/30"))),
    "add prefix to empty": _verb("empty roots", lambda: networks.add_prefix(
        _network("empty"), *cidrs("198.51.100.8/30"))),
    # children
    "carve": _verb("super lan", lambda: _carve("tenants")),
    "undo carving": _verb("super", lambda: undoing.undo(_event("single")),
                          left=lambda: Network.objects.filter(name="single")),
    "carve small": _verb("super", lambda: _carve("tenants", length={IPV4: 30})),
    "import child": _verb("super", lambda: _adopt("tenants", "10.0.0.64/28")),
    "import child below": _verb("super", lambda: _adopt("tenants", "10.0.0.128/25")),
    "add family": _verb("super", lambda: children.add_family(_network("single"), IPV6)),
    "delete child": _verb("super", lambda: _delete("single"), left=lambda: Network.objects.filter(name="single")),
    "release prefix": _verb("super", lambda: plain_roots.release_prefix(_network("double").prefixes.get(family=IPV6)),
                            left=lambda: _network("double").prefixes.filter(family=IPV6)),
    "delete node network": _verb("super lan", lambda: _delete("lan")),
    "carve in bare": _verb("bare vni", lambda: _carve("bare")),
    "import child in bare": _verb("bare vni", lambda: _adopt("bare", "10.9.0.0/28")),
    "delete bare": _verb("bare", lambda: _delete("bare"), left=lambda: Network.objects.filter(pk="bare")),
    "widen bare": _verb("bare roots", lambda: networks.add_prefix(_network("bare"), *cidrs("10.9.1.0/24"))),
    "move bare": _verb("bare roots", lambda: networks.update(_network("bare"), prefixes=cidrs("10.9.2.0/24"))),
    "carve in namespace": _verb("namespace", lambda: _carve("clusters")),
    "import child in namespace": _verb("namespace", lambda: _adopt("clusters", "100.64.0.0/26")),
    "delete namespaced": _verb("namespace", lambda: _delete("clusters"),
                               left=lambda: Network.objects.filter(pk="clusters")),
    "widen namespaced": _verb("namespace", lambda: networks.add_prefix(_network("clusters"), *cidrs("100.64.1.0/24"))),
    # a root of go-ipam that nothing is in
    "make external": _verb("plain vni", lambda: plain_roots.make_external(
        _network(PLAIN), _project(), namespace="root"), left=lambda: Network.objects.filter(pk=PLAIN, vrf=None)),
    "first address of plain": _verb("plain vni", _take_of_plain),
    "carve in plain": _verb("plain vni", lambda: _carve(PLAIN)),
    "open copy": _verb("plain", lambda: plain_roots.open_namespace(_network(PLAIN), projects.create(name="bob"))),
    "close copy": _verb("plain", lambda: plain_roots.close_namespace(_network(PLAIN), _project())),
    "delete plain": _verb("plain", lambda: _delete(PLAIN), left=lambda: Network.objects.filter(pk=PLAIN)),
    # VRFs
    "create VRF": _verb("vrf vni", lambda: vrfs.create(id=1)),
    "delete VRF": _verb("vrf", lambda: vrfs.delete(lookups.get(VRF, 50))),
    "name VRF": _verb("vrf roots", lambda: _root(prefixes=cidrs("198.51.100.8/30"), vrf=50)),
    "name VRF of empty": _verb("vrf", lambda: _root(prefixes=cidrs("198.51.100.8/30"), vrf=302)),
    "name another VRF": _verb("roots", lambda: _root(id="other", prefixes=cidrs("198.51.100.8/29"), vrf=61)),
    # clusters
    "reserve cluster": _verb("cluster", lambda: lifecycle.reserve(_cluster("draft"))),
    "update cluster": _verb("cluster", lambda: lifecycle.update(_cluster("draft"), name="changed")),
    "release cluster": _verb("cluster space", lambda: lifecycle.release(_cluster("reserved")), left=_ownerless),
    "delete cluster": _verb("cluster", lambda: lifecycle.delete(_cluster("draft"))),
    "addresses of reserved": _verb("cluster space", lambda: belongings.take_for_load_balancers(
        _cluster("reserved"), _network("net"), count=2), left=_ownerless),
    "addresses of draft": _verb("cluster", lambda: belongings.take_for_api(_cluster("draft"), _network("net")),
                                left=_ownerless),
    "give back": _verb("cluster space", lambda: belongings.give_back(_cluster("reserved"), _owned().allocation)),
    "add services": _verb("cluster", lambda: service_ranges.add(
        _cluster("reserved"), {IPV4: cidrs("10.249.0.0/24")[0]})),
    "create cluster": _verb("cluster lan", lambda: lifecycle.create(
        NewCluster(name="third", project=_project(), network=_network("lan"), wanted_nodes=4), reserve=True)),
    "take its range": _verb("cluster roots", lambda: _root(prefixes=cidrs("10.240.0.0/12"))),
    "machine of cluster": _verb("cluster", lambda: machines.allocate(
        project=_project(), partition=Partition.objects.get(),
        networks=[Attachment(network=_cluster("reserved").network)])),
    # ranges and quarantines
    "lay range": _verb("space half claim", lambda: _lay("net", "192.0.2.1", "192.0.2.10")),
    "remove range": _verb("space", lambda: ranges.delete(lookups.get(AddressRange, _kept()))),
    "name in range": _verb("space", lambda: addresses.allocate(
        _network("net"), project=_project(), addresses=[ip("192.0.2.11")])),
    "quarantine": _verb("space half", lambda: networks.update(_network("net"), quarantine={IPV4: 1.0})),
    "lay range on super": _verb("super", lambda: _lay("tenants", "10.0.0.0", "10.0.0.255")),
    "quarantine of super": _verb("super", lambda: networks.update(_network("tenants"), quarantine={IPV4: 1.0})),
    # prefixes that change in place
    "grow": _verb("space roots", lambda: _resize("198.51.100.0/30", "198.51.100.0/29")),
    "shrink": _verb("space", lambda: _resize("198.51.100.0/30", "198.51.100.0/31")),
    "split": _verb("space half claim", lambda: splitting.split(_prefix("192.0.2.0/28"), 29)),
    "grow child": _verb("super", lambda: _resize("2001:db8:1::f80/124", "2001:db8:1::f80/123")),
    "shrink child": _verb("super", lambda: _resize("10.0.0.112/28", "10.0.0.112/29")),
    "split super": _verb("super lan", lambda: splitting.split(_prefix("10.0.0.0/24"), 25)),
    "merge": _verb("super", lambda: splitting.merge(_prefix("10.0.0.112/28"))),
    # networks that move
    "give lan away": _verb("given lan machine super project", lambda: network_moves.move(
        _network("lan"), project=projects.create(name="crew"))),
    "allocate in lan": _verb("given", lambda: addresses.allocate(_network("lan"), project=_project())),
    "name in lan": _verb("given", lambda: addresses.allocate(
        _network("lan"), project=_project(), addresses=[_network("lan").prefixes.in_order()[0].last - 1])),
    "net to another VRF": _verb("vrf vni", lambda: network_moves.move(_network("net"), vrf=50)),
    "bare to a VRF": _verb("bare vni", lambda: network_moves.move(_network("bare"), vrf=71, with_children=True)),
    # quotas
    "limit addresses": _verb("space half machine claim empty", lambda: _limit("addresses", "net")),
    "limit space": _verb("super bare", lambda: _limit("space", "tenants")),
    # owners
    "delete project": _verb("project", lambda: projects.delete(lookups.get(Project, _project().pk))),
    "delete partition": _verb("partition", lambda: partitions.delete(lookups.get(Partition, "site"))),
}  # fmt: skip

# What alone is refused in this cast, and must be so beside others too, or find that they have made room for it.
REFUSED = {
    "name in range": "in_range",
    "release claimed": "in_use",
    "delete node network": "has_machines",
    "name VRF of empty": "vrf_in_use",
    "grow child": "overlap",
    "take its range": "overlap",
    "delete project": "in_use",
    "delete partition": "in_use",
}

# The verb that all others of a group are raced with each day; with FAULTS=long all are raced with all.
HEARTS = {
    **{"half": "complete", "claim": "release claim", "machine": "release machine", "asn": "machine with pair"},
    **{
        "given": "give lan away",
        "space": "allocate",
        "empty": "delete empty",
        "super": "carve",
        "lan": "create cluster",
    },
    **{"bare": "delete bare", "namespace": "delete namespaced", "vrf": "delete empty", "vni": "create VRF"},
    **{"plain": "make external"},
    **{"cluster": "reserve cluster", "roots": "take its range"},
    **{"project": "delete project", "partition": "delete partition"},
}


def pairs(group: str, *, everything: bool = False) -> list[tuple[str, str]]:
    """The verbs that touch the same rows, each with the heart of its group or with each, in both orders."""
    verbs = [name for name, verb in VERBS.items() if group in verb.touches]
    heart = HEARTS[group]
    return [(one, two) for one in verbs for two in verbs if everything or heart in (one, two)]
