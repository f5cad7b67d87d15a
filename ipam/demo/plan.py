"""The plan of a large, plausible cloud: who owns which networks, prefixes and machines. Nothing is stored here.

Everything follows from one random generator, so the same seed gives the same cloud.
"""

import itertools
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from netaddr import IPAddress, IPNetwork

from ipam import errors
from ipam.addressing import Family, block, reserved_addresses, size
from ipam.demo import names as seed_names
from ipam.domain.space.number_pools import ASN_BASE
from ipam.models import VRF, Machine, MachineNetwork, Network, Partition, Prefix, Project
from ipam.models.networks import NatType, NetworkType, Stack
from ipam.values import parse_cidr

FEWEST_NETWORKS = 4  # one site: super, underlay, internet and a child
_MOST_SITES = 24
_EXTERNAL_SHARE = 0.15
_FIRST_VNI_OF_EXTERNALS, _VNI_OF_A_SUPER = 104_009, 103_001
_MOST_MACHINES_PER_CHILD = 6
# Where the seeded networks lie: documentation, benchmarking, carrier-grade NAT and private space.
_PUBLIC_IPV4 = ["203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24", "198.18.0.0/15", "100.64.0.0/10"]
_PRIVATE_IPV4, _UNDERLAY_IPV4, _NAMESPACED_IPV4 = ["10.0.0.0/8"], ["172.16.0.0/12"], "192.168.0.0/17"
_PUBLIC_IPV6, _PRIVATE_IPV6 = ["2001:db8:8000::/33"], ["2001:db8::/34"]
_NAMESPACED_IPV6 = "2001:db8:4000::/64"


class Space:
    """Aligned blocks out of some prefixes, one after the other."""

    def __init__(self, pools: list[IPNetwork]) -> None:
        self._pools = pools
        self._next = pools[0].first

    def carve(self, length: int) -> tuple[IPNetwork, IPNetwork]:
        """The prefix that has room, and the block of this prefix length out of it."""
        while self._pools:
            pool = self._pools[0]
            step = size(Family.of(pool), length)
            first = -(-self._next // step) * step
            if first + step - 1 <= pool.last:
                self._next = first + step
                return pool, block(Family.of(pool), first, length)
            self._pools = self._pools[1:]
            self._next = self._pools[0].first if self._pools else 0
        raise errors.Exhausted("That many prefixes do not fit in the address space of the seed. Ask for fewer.")


def _space(texts: list[str]) -> Space:
    return Space([parse_cidr(text) for text in texts])


@dataclass
class Site:
    """A partition and its own networks."""

    partition: Partition
    tenants: Network
    underlay: Network
    externals: list[Network]


@dataclass
class Cloud:
    """All rows but addresses and what is derived; `claims` names the machines that get addresses of a network."""

    rng: Random
    partitions: list[Partition] = field(default_factory=list)
    projects: list[Project] = field(default_factory=list)
    vrfs: list[VRF] = field(default_factory=list)
    networks: list[Network] = field(default_factory=list)
    prefixes: dict[str, list[Prefix]] = field(default_factory=lambda: defaultdict(list))
    machines: list[Machine] = field(default_factory=list)
    attachments: list[MachineNetwork] = field(default_factory=list)
    claims: dict[str, list[Machine]] = field(default_factory=lambda: defaultdict(list))

    @property
    def prefix_count(self) -> int:
        return sum(map(len, self.prefixes.values()))

    def uuid(self) -> uuid.UUID:
        return uuid.UUID(int=self.rng.getrandbits(128), version=4)

    def add_network(self, type_: str, id_: str, **columns: Any) -> Network:
        network = Network(id=id_, type=type_, **columns)
        self.networks.append(network)
        return network

    def add_prefix(self, network: Network, cidr: IPNetwork, parent: Prefix | None = None) -> Prefix:
        prefix = Prefix(
            network=network,
            parent=parent,
            namespace_id=network.namespace_id,
            family=cidr.version,
            first=IPAddress(cidr.first, cidr.version),
            last=IPAddress(cidr.last, cidr.version),
            length=cidr.prefixlen,
        )
        self.prefixes[network.pk].append(prefix)
        return prefix

    def add_vrf(self, vni: int) -> VRF:
        vrf = VRF(id=vni)
        self.vrfs.append(vrf)
        return vrf

    def families(self, network: Network) -> list[int]:
        return sorted({prefix.family for prefix in self.prefixes[network.pk]})

    def room(self, network: Network, family: Family) -> int:
        """How many addresses of a family the network can give."""
        return sum(
            size(family, prefix.length) - len(reserved_addresses(prefix.cidr))
            for prefix in self.prefixes[network.pk]
            if prefix.family == family
        )


def make(rng: Random, *, networks: int, prefixes: int, machines: int) -> Cloud:
    """A cloud of exactly this many networks and prefixes, and of up to so many machines."""
    if networks < FEWEST_NETWORKS:
        raise errors.Invalid(f"A cloud has at least {FEWEST_NETWORKS} networks: super, underlay, external and child.")
    cloud = Cloud(rng)
    public, private = (_space(_PUBLIC_IPV4), _space(_PUBLIC_IPV6)), (_space(_PRIVATE_IPV4), _space(_PRIVATE_IPV6))
    site_count = min(_MOST_SITES, 1 + networks // 20)
    external_count = max(site_count, round(networks * _EXTERNAL_SHARE))
    namespaced_count = int(networks >= 20)
    child_count = networks - 2 * site_count - external_count - namespaced_count
    _add_projects(cloud, max(2, child_count // 2))
    underlay = _space(_UNDERLAY_IPV4)
    sites = [_add_site(cloud, name, child_count // site_count, private, underlay) for name in _first(site_count)]
    for number in range(external_count):
        has_ipv6 = number % 8 != 5  # some have not met it yet
        _add_external(cloud, sites[number % site_count], number // site_count, public, has_ipv6=has_ipv6)
    namespaced = _add_namespaced(cloud) if namespaced_count else None
    _add_children(cloud, sites, namespaced, child_count)
    _add_further_prefixes(cloud, sites, prefixes - cloud.prefix_count, public, private)
    _add_machines(cloud, sites, min(machines, child_count * _MOST_MACHINES_PER_CHILD))
    return cloud


def _first(count: int) -> Iterator[tuple[str, str]]:
    return itertools.islice(seed_names.partitions(), count)


def _add_projects(cloud: Cloud, count: int) -> None:
    for tenant, name in itertools.islice(seed_names.projects(), count):
        labels = {"stage": name.split("-")[1]}
        cloud.projects.append(Project(id=cloud.uuid(), name=name, tenant=tenant, labels=labels))


def _add_site(
    cloud: Cloud, names: tuple[str, str], children: int, private: tuple[Space, Space], underlays: Space
) -> Site:
    id_, name = names
    partition = Partition(id=id_, name=name, description=f"Data centre {name}")
    tenants = cloud.add_network(
        NetworkType.SUPER,
        f"tenant-super-{id_}",
        name=f"Tenants {name}",
        description="Every private network of this site is carved out of it",
        partition=partition,
        vrf=cloud.add_vrf(_VNI_OF_A_SUPER) if len(cloud.partitions) == 1 else None,  # its children share one VRF
        default_child_length_ipv4=22,
        default_child_length_ipv6=96,
        additional_announcable_cidrs=["10.240.0.0/12"],
    )
    underlay = cloud.add_network(NetworkType.UNDERLAY, f"underlay-{id_}", name=f"Underlay {name}", partition=partition)
    ipv4, ipv6 = private
    room = children + children // 4 + 1  # children of the default length, and some more to come
    cloud.add_prefix(tenants, ipv4.carve(min(16, 22 - room.bit_length()))[1])
    cloud.add_prefix(tenants, ipv6.carve(64)[1])
    cloud.add_prefix(underlay, underlays.carve(min(24, 31 - room.bit_length()))[1])
    cloud.partitions.append(partition)
    return Site(partition, tenants, underlay, [])


def _add_external(cloud: Cloud, site: Site, position: int, public: tuple[Space, Space], *, has_ipv6: bool) -> None:
    """A site's way to the internet first, then its further ways out."""
    partition = site.partition
    to_internet = position == 0
    word = "internet" if to_internet else seed_names.OUTSIDE[(position - 1) % len(seed_names.OUTSIDE)]
    again = 1 + (position - 1) // len(seed_names.OUTSIDE)
    id_ = f"{word}-{partition.pk}" + (f"-{again}" if again > 1 else "")
    network = cloud.add_network(
        NetworkType.EXTERNAL,
        id_,
        name=f"{word.capitalize()} {partition.name}" + (f" #{again}" if again > 1 else ""),
        partition=partition,
        vrf=cloud.add_vrf(_FIRST_VNI_OF_EXTERNALS + len(cloud.vrfs)),
        nat_type=NatType.IPV4_MASQUERADE if to_internet else NatType.NONE,
        destination_prefixes=["0.0.0.0/0", *(["::/0"] if has_ipv6 else [])] if to_internet else [],
        labels={"network.metal-stack.io/default-external": ""} if to_internet else {},
    )
    ipv4, ipv6 = public
    cloud.add_prefix(network, ipv4.carve(24 if to_internet else cloud.rng.choice([25, 26, 26, 27]))[1])
    if has_ipv6:
        cloud.add_prefix(network, ipv6.carve(64)[1])
    site.externals.append(network)


def _add_namespaced(cloud: Cloud) -> Network:
    network = cloud.add_network(
        NetworkType.SUPER_NAMESPACED,
        "node-networks",
        name="Node networks",
        description="The same space again for each project",
        default_child_length_ipv4=24,
        default_child_length_ipv6=96,
    )
    cloud.add_prefix(network, parse_cidr(_NAMESPACED_IPV4))
    cloud.add_prefix(network, parse_cidr(_NAMESPACED_IPV6))
    return network


def _add_children(cloud: Cloud, sites: list[Site], namespaced: Network | None, count: int) -> None:
    spaces = {site.tenants.pk: _spaces_of(cloud, site.tenants) for site in sites}
    copies: dict[uuid.UUID, dict[Family, Space]] = {}
    vnis = itertools.count(1)
    for number in range(count):
        project = cloud.projects[number % len(cloud.projects)]
        if namespaced and number % 20 in (7, 11):  # of two projects, so that the copies can be seen
            space = copies.setdefault(project.pk, _spaces_of(cloud, namespaced))
            _add_child(cloud, namespaced, space, project, cloud.add_vrf(next(vnis)), number)
        else:
            parent = sites[number % len(sites)].tenants
            vrf = parent.vrf or cloud.add_vrf(next(vnis))
            _add_child(cloud, parent, spaces[parent.pk], project, vrf, number)


def _spaces_of(cloud: Cloud, parent: Network) -> dict[Family, Space]:
    return {
        family: Space([prefix.cidr for prefix in cloud.prefixes[parent.pk] if prefix.family == family])
        for family in Family
    }


def _add_child(
    cloud: Cloud, parent: Network, spaces: dict[Family, Space], project: Project, vrf: VRF, number: int
) -> None:
    is_shared = number < len(cloud.projects) and number % 12 == 5  # at most once per project
    purpose = seed_names.PURPOSES[number // len(cloud.projects) % len(seed_names.PURPOSES)]
    lengths = {Family.IPV4: cloud.rng.choice([22, 22, 22, 23, 24]), Family.IPV6: 96}
    if parent.is_namespaced:
        lengths[Family.IPV4] = 24
    stack = cloud.rng.choices([Stack.DUAL, Stack.IPV4, Stack.IPV6], [80, 12, 8])[0]
    network = cloud.add_network(
        NetworkType.CHILD_SHARED if is_shared else NetworkType.CHILD,
        str(cloud.uuid()),
        name=project.name + ("-shared" if is_shared else purpose),
        project=project,
        partition=parent.partition,
        parent=parent,
        namespace=project if parent.is_namespaced else None,
        vrf=vrf,
        # Half of those without IPv6 may gain it at any time.
        stack=Stack.DUAL if stack == Stack.IPV4 and number % 2 else stack,
        labels={"tenant": project.tenant},
    )
    parents = {prefix.cidr: prefix for prefix in cloud.prefixes[parent.pk]}
    for family in stack.families:
        source, cidr = spaces[family].carve(lengths[family])
        cloud.add_prefix(network, cidr, parents[source])


def _add_further_prefixes(
    cloud: Cloud, sites: list[Site], count: int, public: tuple[Space, Space], private: tuple[Space, Space]
) -> None:
    """Spread the prefixes that are left over external networks, now and then to a super network."""
    if count < 0:
        raise errors.Invalid(f"So many networks need at least {cloud.prefix_count:,} prefixes. Ask for more.")
    externals = list(itertools.chain.from_iterable(site.externals for site in sites))
    rng = cloud.rng
    for number in range(count):
        if number % 40 == 39:
            tenants = sites[number // 40 % len(sites)].tenants
            cloud.add_prefix(tenants, private[0].carve(20)[1] if number % 160 == 39 else private[1].carve(64)[1])
            continue
        network = externals[number % len(externals)]
        has_ipv6 = len(cloud.families(network)) == len(Family)
        if has_ipv6 and rng.random() < 0.6:
            cloud.add_prefix(network, public[1].carve(rng.choices([120, 112, 64], [6, 3, 1])[0])[1])
        else:
            cloud.add_prefix(network, public[0].carve(rng.choice([27, 28, 28, 28, 29]))[1])


def _add_machines(cloud: Cloud, sites: list[Site], count: int) -> None:
    """Machines in private networks, some with a way out; the first of each network is its firewall."""
    site_of = {site.partition.pk: site for site in sites}
    private = [(one, one.project) for one in cloud.networks if one.type == NetworkType.CHILD and one.project]
    left = {external.pk: cloud.room(external, Family.IPV4) for site in sites for external in site.externals}
    numbers = itertools.count(1)
    for position, (network, project) in enumerate(private):
        site = site_of[network.partition_id] if network.partition_id else cloud.rng.choice(sites)
        share = count * (position + 1) // len(private) - count * position // len(private)
        for number in range(share):
            external = cloud.rng.choice(site.externals)
            has_room = left[external.pk] > 0
            left[external.pk] -= has_room
            is_firewall = number == 0 and has_room
            outside = [external] if has_room and (is_firewall or cloud.rng.random() < 0.3) else []
            joined = [network, *outside, *([site.underlay] if is_firewall else [])]
            _add_machine(cloud, site, project, joined, ASN_BASE + next(numbers), number)


def _add_machine(cloud: Cloud, site: Site, project: Project, networks: list[Network], asn: int, number: int) -> None:
    is_firewall = len(networks) == 3
    private = networks[0].name
    name = f"{private}-firewall" if is_firewall else f"{private}-{cloud.rng.choice(seed_names.ROLES)}-{number}"
    machine = Machine(
        id=str(cloud.uuid()),
        name=name,
        hostname=name,
        project=project,
        partition=site.partition,
        role=Machine.Role.FIREWALL if is_firewall else Machine.Role.MACHINE,
        asn=asn,
        labels={"size": cloud.rng.choice(["c1-medium", "c1-large", "n1-medium", "s3-large"])},
    )
    cloud.machines.append(machine)
    for position, network in enumerate(networks):
        cloud.attachments.append(MachineNetwork(machine=machine, network=network, position=position))
        cloud.claims[network.pk].append(machine)
