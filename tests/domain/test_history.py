"""The change history: what each operation leaves behind, and who had an address on that day."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from ipam.domain import (
    addresses,
    children,
    families,
    machines,
    metal_stack,
    metal_stack_import,
    networks,
    owners,
    rebuilding,
    tokens,
    vrfs,
)
from ipam.domain.machines import Attachment
from ipam.domain.number_pools import Pool
from ipam.models import ApiToken, Event, Network
from tests.builders import IPV6, child, cidrs, external, super_network

FIRST, SECOND = "203.0.113.129", "2001:db8:0:113::1"


class World:
    """A small cloud, and one of each that can be changed."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.partition = owners.create_partition(id="mini-lab", name="Lab")
        self.project = owners.create_project(name="alice")
        self.internet = networks.create(external(partition=self.partition))
        self.tenants = networks.create(super_network(partition=self.partition))
        self.home = networks.create(child(parent=self.tenants, project=self.project, stack="dual"))
        self.pair = addresses.allocate(self.internet, project=self.project, name="web")
        self.machine = machines.allocate(
            id="m1", project=self.project, partition=self.partition, networks=[Attachment(network=self.home)]
        )
        self.vrf = vrfs.create(id=7, name="seven")
        tokens.issue(user, name="ci")
        self.token = ApiToken.objects.get().pk
        Event.objects.all().delete()

    def carve(self, **wanted: Any) -> Network:
        return networks.create(child(parent=self.tenants, project=self.project, **wanted))

    def attach(self) -> Attachment:
        return Attachment(network=self.home)


@pytest.fixture
def world(operator: User) -> World:
    return World(operator)


# Each operation, as a call, and the verb, kind, object and count of the one event that it leaves.
OPERATIONS: dict[str, tuple[Callable[[World], Any], tuple[str, str, str, int]]] = {
    "owners.create_partition": (
        lambda w: owners.create_partition(id="fra"),
        ("create", "partition", "fra", 1),
    ),
    "owners.update_partition": (
        lambda w: owners.update_partition(w.partition, name="Laboratory"),
        ("update", "partition", "mini-lab", 1),
    ),
    "owners.delete_partition": (
        lambda w: owners.delete_partition(w.spare_partition),
        ("delete", "partition", "spare", 1),
    ),
    "owners.create_project": (lambda w: owners.create_project(name="bob"), ("create", "project", "*", 1)),
    "owners.update_project": (
        lambda w: owners.update_project(w.project, tenant="acme"),
        ("update", "project", "*", 1),
    ),
    "owners.delete_project": (lambda w: owners.delete_project(w.spare_project), ("delete", "project", "*", 1)),
    "vrfs.create": (lambda w: vrfs.create(id=8), ("create", "vrf", "8", 1)),
    "vrfs.update": (lambda w: vrfs.update(w.vrf, name="VII"), ("update", "vrf", "7", 1)),
    "vrfs.delete": (lambda w: vrfs.delete(w.vrf), ("delete", "vrf", "7", 1)),
    "tokens.issue": (lambda w: tokens.issue(w.user, name="new"), ("issue", "token", "*", 1)),
    "tokens.revoke": (lambda w: tokens.revoke(w.user, w.token), ("revoke", "token", "*", 1)),
    "networks.create": (
        lambda w: networks.create(external(id="dc", vrf=9, prefixes=cidrs("192.0.2.0/24"), destination_prefixes=[])),
        ("create", "network", "dc", 1),
    ),
    "networks.create (a child)": (lambda w: w.carve(), ("carve", "network", "*", 1)),
    "networks.update": (
        lambda w: networks.update(w.internet, name="Internet"),
        ("update", "network", "internet", 1),
    ),
    "networks.add_prefix": (
        lambda w: networks.add_prefix(w.internet, *cidrs("192.0.2.0/24")),
        ("update", "network", "internet", 1),
    ),
    "networks.remove_prefix": (
        lambda w: networks.remove_prefix(w.tenants, *cidrs("10.7.0.0/16")),
        ("update", "network", "tenants", 1),
    ),
    "networks.delete": (lambda w: networks.delete(w.spare_child), ("delete", "network", "*", 1)),
    "children.add_family": (
        lambda w: children.add_family(w.spare_child, IPV6),
        ("add-family", "network", "*", 1),
    ),
    "addresses.allocate": (
        lambda w: addresses.allocate(w.internet, project=w.project),
        ("allocate", "address", "*", 2),
    ),
    "addresses.update": (lambda w: addresses.update(w.pair[0], name="www"), ("update", "address", "*", 1)),
    "addresses.make_static": (lambda w: addresses.make_static(w.pair), ("make-static", "address", "*", 2)),
    "addresses.release": (lambda w: addresses.release(w.pair[0]), ("release", "address", "*", 1)),
    "addresses.release_allocation": (
        lambda w: addresses.release_allocation(w.pair[0].allocation),
        ("release", "address", "*", 2),
    ),
    "addresses.release_many": (lambda w: addresses.release_many(w.pair), ("release", "address", "*", 2)),
    "families.complete": (
        lambda w: families.complete(w.internet, IPV6),
        ("complete", "address", "*", 1),
    ),
    "machines.allocate": (
        lambda w: machines.allocate(id="m2", project=w.project, partition=w.partition, networks=[w.attach()]),
        ("allocate", "machine", "m2", 1),
    ),
    "machines.update": (lambda w: machines.update(w.machine, name="db"), ("update", "machine", "m1", 1)),
    "machines.release": (lambda w: machines.release(w.machine), ("release", "machine", "m1", 1)),
    "metal_stack_import.bring_in": (
        lambda w: metal_stack_import.bring_in(metal_stack.parse("partitions: [{id: fra}, {id: muc}]")),
        ("import", "installation", "", 2),
    ),
    "rebuilding.rebuild_prefix": (
        lambda w: rebuilding.rebuild_prefix(w.internet.prefixes.in_order()[0].pk),
        ("repair", "prefix", "*", 1),
    ),
    "rebuilding.rebuild_pool": (lambda w: rebuilding.rebuild_pool(Pool.VRF), ("repair", "pool", "vrf", 1)),
}
