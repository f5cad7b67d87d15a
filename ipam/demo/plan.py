"""The plan of a large, plausible cloud: who owns which networks, prefixes and machines. Nothing is stored here.

Everything follows from one random generator, so the same seed gives the same cloud. Its words are in `names.yaml`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import yaml
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family, block, reserved_count, size
from ipam.domain.space.number_pools import ASN_BASE
from ipam.models import VRF, Machine, MachineNetwork, Network, Partition, Prefix, Project
from ipam.models.networks import Stack
from ipam.values import parse_cidr

NAMES: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("names.yaml").read_text())
_MAX_SITES, _MAX_MACHINES_PER_CHILD = 24, 6
_VNI_OF_A_SUPER, _FIRST_VNI_OF_INTERNETS, _FIRST_VNI_OF_EXTERNALS = 103_001, 104_009, 105_000
Site = list[Network]  # its super network, its underlay and its external networks
Slots = Iterator[IPNetwork]


def slots(cidrs: Iterable[IPNetwork], length: int) -> Slots:
    """Blocks of this prefix length, one after the other; then Exhausted."""
    for cidr in cidrs:
        family = Family.of(cidr)
        for first in range(cidr.first, cidr.last + 1, size(family, length)):
            yield block(family, first, length)
    raise errors.Exhausted("That many prefixes do not fit in the address space of the seed. Ask for fewer.")


class Cloud:
    """Exactly so many networks and prefixes, and up to so many machines: all rows but addresses and what is derived.

    `claims` are the machines that get addresses of a network.
    """

    def __init__(self, rng: Random, *, networks: int, prefixes: int, machines: int) -> None:
        if networks < 4:
            raise errors.Invalid("A cloud has at least 4 networks: super, underlay, external and child.")
        self.rng = rng
        self.rows: dict[type, list[Any]] = defaultdict(list)
        self.prefixes: dict[str, list[Prefix]] = defaultdict(list)
        self.claims: dict[str, list[Machine]] = defaultdict(list)
        sites, has_namespaced = min(_MAX_SITES, 1 + networks // 20), networks >= 20
        externals = max(sites, round(networks * 0.15))
        children = networks - 2 * sites - externals - has_namespaced
        bits = (children // sites * 5 // 4 + 1).bit_length()  # room for a site's children, and for some to come
        lengths = NAMES["lengths"] | {
            "super": [[min(16, 22 - bits)], [min(60, 64 - bits)]],
            "underlay": [[min(24, 31 - bits)]],
        }
        self._pools = {
            kind: [(slots(map(parse_cidr, cidrs), choices[0]), choices) for cidrs, choices in zip(*both, strict=True)]
            for kind, both in ((kind, (cidrs, lengths[kind])) for kind, cidrs in NAMES["cidrs"].items())
        }
        for number in range(max(2, children // 2)):
            self._add_project(number)
        self._sites = [self._site(number) for number in range(sites)]
        for number in range(externals - sites):
            self._add_external(number)
        self._add_children(children, self._add_root("namespaced") if has_namespaced else None)
        self._add_further_prefixes(prefixes - sum(map(len, self.prefixes.values())))
        self._add_machines(min(machines, children * _MAX_MACHINES_PER_CHILD))

    def uuid(self) -> UUID:
        """A random id that follows from the seed."""
        return UUID(int=self.rng.getrandbits(128), version=4)

    def room(self, network: Network) -> dict[Family, int]:
        """How many addresses the network can give, of each family that it has prefixes of."""
        room: dict[Family, int] = defaultdict(int)
        for prefix in self.prefixes[network.pk]:
            family = prefix.address_family
            room[family] += size(family, prefix.length) - reserved_count(family, prefix.length)
        return dict(sorted(room.items()))

    def _add(self, model: type, **columns: Any) -> Any:
        self.rows[model].append(model(**columns))
        return self.rows[model][-1]

    def _add_root(self, kind: str, site: Partition | None = None, *, vni: int = 0, word: str = "") -> Network:
        told = {
            column: value.format(site=site, word=word) if isinstance(value, str) else value
            for column, value in NAMES["networks"][kind].items()
        }
        network: Network = self._add(Network, partition=site, vrf=self._add(VRF, id=vni) if vni else None, **told)
        families = 1 if kind == "external" and vni % 8 == 5 else 2  # some have not met IPv6 yet
        for pool, lengths in self._pools[kind][:families]:
            self._add_prefix(network, pool, lengths)
        return network

    def _add_prefix(self, network: Network, pool: Slots, lengths: list[int], parent: Prefix | None = None) -> None:
        cidr = next(pool)
        cidr.prefixlen = self.rng.choice(lengths)
        prefix = Prefix.of(cidr, network=network, parent=parent, namespace_id=network.namespace_id)
        self.prefixes[network.pk].append(prefix)

    def _add_project(self, number: int) -> None:
        """Three for each tenant in turn."""
        tenants, products, stages = NAMES["tenants"], NAMES["products"], NAMES["stages"]
        place, of_tenant = number // 3 % len(tenants), number // 3 // len(tenants) * 3 + number % 3
        again, stage = of_tenant // (len(products) * len(stages)), stages[of_tenant % len(stages)]
        name = f"{products[(of_tenant + 3 * place) % len(products)]}-{stage}" + (f"-{again + 1}" if again else "")
        self._add(Project, id=self.uuid(), name=name, tenant=tenants[place], labels={"stage": stage})

    def _site(self, number: int) -> Site:
        """The first site of each city, then the second, and so on."""
        again, place = divmod(number, len(NAMES["cities"]))
        code, city = list(NAMES["cities"].items())[place]
        name = f"{city} {again + 1}"
        site = self._add(Partition, id=f"{code}-{again + 1}", name=name, description=f"Data centre {name}")
        tenants = self._add_root("super", site, vni=_VNI_OF_A_SUPER if number == 1 else 0)  # its children share it
        internet = self._add_root("internet", site, vni=_FIRST_VNI_OF_INTERNETS + number)
        return [tenants, self._add_root("underlay", site), internet]

    def _add_external(self, number: int) -> None:
        site = self._sites[number % len(self._sites)]
        again, place = divmod(number // len(self._sites), len(NAMES["externals"]))
        word = NAMES["externals"][place] + (f"-{again + 1}" if again else "")
        site.append(self._add_root("external", site[0].partition, vni=_FIRST_VNI_OF_EXTERNALS + number, word=word))

    def _add_children(self, children: int, namespaced: Network | None) -> None:
        """Private networks of all projects, some of them out of the space that each project has a copy of."""
        spaces: dict[tuple[str, UUID | None], list[tuple[Slots, list[int], Prefix]]] = {}
        projects = self.rows[Project]
        for number in range(children):
            project, parent, copy = projects[number % len(projects)], self._sites[number % len(self._sites)][0], None
            if namespaced and number % 20 in (7, 11):  # of two projects, so that the copies can be seen
                parent, copy = namespaced, project
            lengths = NAMES["lengths"]["child-of-namespaced" if copy else "child"]
            key = parent.pk, copy and copy.pk
            if key not in spaces:
                both = zip(self.prefixes[parent.pk], lengths, strict=True)
                spaces[key] = [(slots([origin.cidr], choices[0]), choices, origin) for origin, choices in both]
            stack = self.rng.choices([Stack.DUAL, Stack.IPV4, Stack.IPV6], [80, 12, 8])[0]
            network = self._child(parent, project, copy, stack, number)
            for pool, choices, origin in spaces[key]:
                if origin.family in stack.families:
                    self._add_prefix(network, pool, choices, origin)

    def _child(self, parent: Network, project: Project, copy: Project | None, stack: Stack, number: int) -> Network:
        round_, purposes = number // len(self.rows[Project]), NAMES["purposes"]
        is_shared = round_ == 0 and number % 12 == 5  # at most once per project
        child: Network = self._add(
            Network,
            type="child-shared" if is_shared else "child",
            id=str(self.uuid()),
            name=project.name + ("-shared" if is_shared else purposes[round_ % len(purposes)]),
            project=project,
            partition=parent.partition,
            parent=parent,
            namespace=copy,
            vrf=parent.vrf or self._add(VRF, id=number + 1),
            stack=Stack.DUAL if stack == Stack.IPV4 and number % 2 else stack,  # some may gain IPv6 at any time
            labels={"tenant": project.tenant},
        )
        return child

    def _add_further_prefixes(self, missing: int) -> None:
        """Spread the prefixes that are left over external networks, now and then to a super network."""
        if missing < 0:
            raise errors.Invalid(f"So many networks need at least {-missing:,} more prefixes. Ask for more.")
        externals = [(network, len(self.room(network))) for site in self._sites for network in site[2:]]
        for number in range(missing):
            network, families = externals[number % len(externals)]
            if number % 60 == 39:
                network, families = self._sites[number // 60 % len(self._sites)][0], 2
            is_ipv6 = families == 2 and self.rng.random() < 0.6
            self._add_prefix(network, *self._pools[f"further-{network.type}"][is_ipv6])

    def _add_machines(self, machines: int) -> None:
        """Machines in private networks, some with a way out; the first of each network is its firewall."""
        sites = {site[0].partition: site for site in self._sites}
        private = [network for network in self.rows[Network] if network.type == "child"]
        room = {network.pk: self.room(network)[Family.IPV4] for site in self._sites for network in site[2:]}
        for number in range(machines):
            round_, place = divmod(number, len(private))
            network = private[place]
            tenants, underlay, *externals = sites.get(network.partition) or self.rng.choice(self._sites)
            external = self.rng.choice(externals)
            has_room = len(self.claims[external.pk]) < room[external.pk]
            is_firewall = has_room and round_ == 0
            networks = [network, external, underlay] if is_firewall else [network]
            if has_room and not is_firewall and self.rng.random() < 0.3:
                networks.append(external)
            name = f"{network.name}-" + ("firewall" if is_firewall else f"{self.rng.choice(NAMES['roles'])}-{round_}")
            machine = self._add(
                Machine,
                **{"id": str(self.uuid()), "name": name, "hostname": name, "asn": ASN_BASE + 1 + number},
                **{"project": network.project, "partition": tenants.partition},
                role="firewall" if is_firewall else "machine",
                labels={"size": self.rng.choice(NAMES["sizes"])},
            )
            for position, joined in enumerate(networks):
                self._add(MachineNetwork, machine=machine, network=joined, position=position)
                self.claims[joined.pk].append(machine)
