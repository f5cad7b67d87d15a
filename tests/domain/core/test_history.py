"""The change history: what each operation leaves behind, and who did it."""

import io
import json
import os
import pwd
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pkgutil import walk_packages
from threading import Barrier
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ipam import domain, errors
from ipam.addressing import Family
from ipam.demo import seeding
from ipam.domain.clusters import belongings, documented, lifecycle, migration, migration_steps, service_ranges
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.core import context, timelines
from ipam.domain.core.operations import dry_run, transacted
from ipam.domain.files import backup
from ipam.domain.files import importing as table_import
from ipam.domain.files.columns import Kind as TableKind
from ipam.domain.files.kinds import ADDRESSES, CLUSTERS, MACHINES, NETWORKS, PARTITIONS, PREFIXES, PROJECTS, VRFS
from ipam.domain.files.tables import Table
from ipam.domain.health import rebuilding
from ipam.domain.insight import alert_rules, alerts, finding_marks, series_points
from ipam.domain.insight.alert_rules import NewRule
from ipam.domain.insight.series_points import NewPoint
from ipam.domain.moving import go_ipam
from ipam.domain.moving.metal_stack import reading
from ipam.domain.moving.metal_stack.rows import Rows
from ipam.domain.moving.mirror import passes
from ipam.domain.moving.netbox import reading as netbox
from ipam.domain.moving.netbox.files import Source
from ipam.domain.moving.netbox.reading import Places
from ipam.domain.networks import (
    address_batches,
    address_holders,
    address_moves,
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
from ipam.domain.networks.ranges import Bounds
from ipam.domain.notify import targets, webhooks
from ipam.domain.people import accounts, members, saved_views, tokens
from ipam.domain.space.number_pools import Pool
from ipam.management.commands.quickstart import EXAMPLE
from ipam.models import (
    AddressRange,
    Alert,
    AlertRule,
    ApiToken,
    Cluster,
    ClusterRange,
    Event,
    FreeBlock,
    IPAddress,
    Network,
    Partition,
    Quota,
)
from ipam.models.events import Door
from ipam.models.managed import METAL_STACK
from ipam.models.roles import Role
from tests.builders import IPV4, IPV6, child, cidrs, external, families, ip, prefixes_of, super_network
from tests.callers import as_user, operator_called
from tests.clouds import empty
from tests.shared import shared_fixture


class World:
    """A small cloud, and one of each that can be changed."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.partition = partitions.create(id="mini-lab", name="Lab")
        self.project = projects.create(name="alice")
        self.internet = networks.create(external(partition=self.partition))
        prefixes = cidrs("10.0.0.0/16", "10.7.0.0/16", "10.6.0.0/16", "2001:db8:0:10::/64")
        self.tenants = networks.create(super_network(partition=self.partition, prefixes=prefixes))
        self.home = self.carve()
        self.narrow = self.carve(address_family=[IPV4])
        self.wide = self.carve()
        self.plain = plain_roots.create(cidrs("10.99.0.0/16")[0], project=self.project, namespace="root")
        self.pair = addresses.allocate(self.internet, project=self.project, name="web")
        addresses.allocate(self.internet, project=self.project, families=[IPV4])
        self.machine = machines.allocate(
            id="m1", project=self.project, partition=self.partition, networks=[Attachment(network=self.home)]
        )
        addresses.allocate(self.home, project=self.project, families=[IPV4])
        self.vrf = vrfs.create(id=7, name="seven")
        self.empty_partition = partitions.create(id="spare")
        self.empty_project = projects.create(name="spare")
        self.reserved = self.plan("reserved", self.carve(), reserve=True)
        self.draft = self.plan("draft", self.carve(), reserve=False)
        self.claim = claims.claim(self.internet, project=self.project, name="vip")
        self.quota = self.limit(IPV4)
        self.range = self.lay("203.0.113.250", name="kept")
        self.robot = members.create_service_account(self.project, "terraform")
        self.identity = accounts.link(user, issuer="https://id.example.org", subject="1")
        tokens.issue(user, name="ci")
        self.view = saved_views.create(user, "networks", name="mine", query="type=super")
        self.token = ApiToken.objects.get().pk
        self.rule = AlertRule.objects.earliest("id")
        about = {"subject": "m1", "kind": "machine", "object_id": "m1", "project_id": self.project.pk}
        self.alert = Alert.objects.create(rule=self.rule, severity="info", since=timezone.now(), **about)
        self.unused = f"project_without_networks:project:{self.empty_project.pk}:"
        self.tomorrow = timezone.now() + timedelta(days=1)
        self.webhook, _ = webhooks.create(targets.resolve("https://1.1.1.1/"), project=self.project)
        Event.objects.all().delete()

    def carve(self, **wanted: Any) -> Network:
        return networks.create(child(parent=self.tenants, project=self.project, **wanted))

    def plan(self, name: str, network: Network, *, reserve: bool) -> Cluster:
        asked = {"project": self.project, "network": network, "wanted_nodes": 50, "gardener_version": "1.137"}
        return lifecycle.create(NewCluster(name=name, **asked), reserve=reserve)

    def migrating(self) -> Cluster:
        """The reserved one, which has just got its second family."""
        Cluster.objects.filter(pk=self.reserved.pk).update(migration_step="spec")
        return self.reserved

    def owned(self) -> Any:
        """An allocation of the reserved one."""
        IPAddress.objects.filter(allocation=self.pair[0].allocation).update(cluster=self.reserved)
        return self.pair[0].allocation

    def further(self) -> Any:
        """A further range of its services."""
        (cidr,) = cidrs("10.251.0.0/24")
        ends = {"first": ip("10.251.0.0"), "last": ip("10.251.0.255"), "length": 24, "reserved_in": self.tenants}
        ClusterRange.objects.create(cluster=self.reserved, purpose="further", family=4, **ends)
        return cidr

    def lay(self, first: str, **words: Any) -> AddressRange:
        return ranges.create(self.internet, Bounds(first=ip(first), last=ip(first)), **words)

    def limit(self, family: Family) -> Quota:
        return quota_limits.create(project=self.project, address_family=family, resource="addresses", limit=900)

    def wanted(self, text: str) -> Named:
        return Named(address=ip(text), network=self.internet, project=self.project)

    def halves(self) -> list[IPAddress]:
        """An address of each family that nobody has joined."""
        IPAddress.objects.filter(pk=self.pair[1].pk).update(allocation=uuid4())
        return self.pair

    def at_home(self) -> IPAddress:
        return IPAddress.objects.filter(network=self.home, machine=None).earliest("address")

    def attached(self) -> IPAddress:
        """One that the machine has, and that it can be without."""
        one = self.at_home()
        IPAddress.objects.filter(pk=one.pk).update(type="static", machine=self.machine)
        return one

    def rebuild_all(self) -> None:
        FreeBlock.objects.all().delete()
        rebuilding.build_all()

    def take_over(self) -> int:
        """End a mirror that had one partition."""
        Partition.objects.filter(pk="spare").update(managed_by=METAL_STACK)
        return passes.take_over()

    def join(self, name: str) -> Any:
        attachments = [Attachment(network=self.home), Attachment(network=self.internet)]
        return machines.allocate(id=name, project=self.project, partition=self.partition, networks=attachments)


def addresses_of(event: Event) -> list[str]:
    """Every address that the event is about, in order."""
    return [str(address) for group in timelines.holders(event) for address in group.addresses]


def whole() -> Event:
    """The one event that is no part of another."""
    return Event.objects.get(part_of=None)


@shared_fixture
def world(operator: User) -> World:
    return World(operator)


# Each operation, as a call, and the verb, kind, object and count of the one event that it leaves.
OPERATIONS: dict[str, tuple[Callable[[World], Any], tuple[str, str, str, int]]] = {
    "partitions.create": (
        lambda w: partitions.create(id="fra"),
        ("create", "partition", "fra", 1),
    ),
    "partitions.update": (
        lambda w: partitions.update(w.partition, name="Laboratory"),
        ("update", "partition", "mini-lab", 1),
    ),
    "partitions.delete": (
        lambda w: partitions.delete(w.empty_partition),
        ("delete", "partition", "spare", 1),
    ),
    "projects.create": (lambda w: projects.create(name="bob"), ("create", "project", "*", 1)),
    "projects.update": (
        lambda w: projects.update(w.project, tenant="acme"),
        ("update", "project", "*", 1),
    ),
    "projects.delete": (lambda w: projects.delete(w.empty_project), ("delete", "project", "*", 1)),
    "vrfs.create": (lambda w: vrfs.create(id=8), ("create", "vrf", "8", 1)),
    "vrfs.update": (lambda w: vrfs.update(w.vrf, name="VII"), ("update", "vrf", "7", 1)),
    "vrfs.delete": (lambda w: vrfs.delete(w.vrf), ("delete", "vrf", "7", 1)),
    "members.grant": (
        lambda w: members.grant(w.user, "owner", project=w.project),
        ("grant", "member", "*", 1),
    ),
    "members.withdraw": (
        lambda w: members.withdraw(w.robot.user.role_bindings.get()),
        ("withdraw", "member", "*", 1),
    ),
    "members.create_service_account": (
        lambda w: members.create_service_account(w.project, "ci"),
        ("create", "member", "*", 1),
    ),
    "members.set_group_roles": (
        lambda w: members.set_group_roles(w.user, {None: Role.AUDITOR, w.project.pk: Role.VIEWER}),
        ("update", "user", "*", 1),
    ),
    "accounts.enter": (
        lambda w: accounts.enter("https://id.example.org", "2", name="bob"),
        ("create", "user", "*", 1),
    ),
    "accounts.link": (
        lambda w: accounts.link(w.user, issuer="https://id.example.org", subject="2"),
        ("update", "user", "*", 1),
    ),
    "accounts.unlink": (lambda w: accounts.unlink(w.identity), ("update", "user", "*", 1)),
    "accounts.sign_out": (
        lambda w: accounts.sign_out(w.user, "correct horse", revoke_tokens=True),
        ("sign-out", "user", "*", 1),
    ),
    "tokens.issue": (lambda w: tokens.issue(w.user, name="new"), ("issue", "token", "*", 1)),
    "tokens.revoke": (lambda w: tokens.revoke(w.user, w.token), ("revoke", "token", "*", 1)),
    "saved_views.create": (
        lambda w: saved_views.create(w.user, "machines", name="new", query=""),
        ("update", "user", "*", 1),
    ),
    "saved_views.rename": (
        lambda w: saved_views.rename(w.user, w.view.pk, name="new"),
        ("update", "user", "*", 1),
    ),
    "saved_views.delete": (lambda w: saved_views.delete(w.user, w.view.pk), ("update", "user", "*", 1)),
    "webhooks.create": (
        lambda w: webhooks.create(targets.resolve("https://1.1.1.1/")),
        ("create", "webhook", "*", 1),
    ),
    "webhooks.update": (
        lambda w: webhooks.update(w.webhook, types=["address.release"]),
        ("update", "webhook", "*", 1),
    ),
    "webhooks.rotate": (lambda w: webhooks.rotate(w.webhook), ("rotate", "webhook", "*", 1)),
    "webhooks.delete": (lambda w: webhooks.delete(w.webhook), ("delete", "webhook", "*", 1)),
    "networks.create": (
        lambda w: networks.create(external(id="dc", vrf=9, prefixes=cidrs("192.0.2.0/24"), destination_prefixes=[])),
        ("create", "network", "dc", 1),
    ),
    "series_points.store": (
        lambda w: series_points.store(
            w.internet, [NewPoint(family=IPV4, at=datetime(2026, 1, 1, tzinfo=UTC), used=1, total=2)]
        ),
        ("import", "network", "internet", 1),
    ),
    "networks.create (a child)": (lambda w: w.carve(), ("carve", "network", "*", 1)),
    "networks.create_many": (
        lambda w: networks.create_many(child(parent=w.tenants, project=w.project), 2),
        ("carve", "network", "tenants", 2),
    ),
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
    "networks.delete": (lambda w: networks.delete(w.narrow), ("delete", "network", "*", 1)),
    "children.add_family": (
        lambda w: children.add_family(w.narrow, IPV6),
        ("add-family", "network", "*", 1),
    ),
    "children.carve_as_metal_api": (
        lambda w: children.carve_as_metal_api(child(parent=w.tenants, project=w.project), children.Exits("none", ())),
        ("carve", "network", "*", 1),
    ),
    "children.carve_within": (
        lambda w: children.carve_within(
            child(parent=w.tenants, project=w.project, length={IPV4: 28}), w.tenants.prefixes.in_order()[1]
        ),
        ("carve", "network", "*", 1),
    ),
    "plain_roots.create": (
        lambda w: plain_roots.create(cidrs("10.98.0.0/32")[0], project=w.project, namespace="root"),
        ("create", "network", "go-ipam-10.98.0.0-32", 1),
    ),
    "plain_roots.open_namespace": (
        lambda w: plain_roots.open_namespace(w.plain, w.empty_project),
        ("update", "network", "go-ipam-10.99.0.0-16", 1),
    ),
    "plain_roots.close_namespace": (
        lambda w: plain_roots.close_namespace(w.plain, w.project),
        ("delete", "network", "go-ipam-10.99.0.0-16", 1),
    ),
    "plain_roots.make_external": (
        lambda w: plain_roots.make_external(w.plain, w.project, namespace="root"),
        ("update", "network", "go-ipam-10.99.0.0-16", 1),
    ),
    "plain_roots.release_prefix": (
        lambda w: plain_roots.release_prefix(w.wide.prefixes.in_order()[1]),
        ("update", "network", "*", 1),
    ),
    "addresses.allocate": (
        lambda w: addresses.allocate(w.internet, project=w.project),
        ("allocate", "address", "*", 2),
    ),
    "plain_roots.acquire": (
        lambda w: plain_roots.acquire(w.internet.prefixes.in_order()[0], project=w.project),
        ("allocate", "address", "*", 1),
    ),
    "addresses.update": (lambda w: addresses.update(w.pair[0], name="www"), ("update", "address", "*", 1)),
    "addresses.make_static": (lambda w: addresses.make_static(w.pair), ("make-static", "address", "*", 2)),
    "addresses.release": (lambda w: addresses.release(w.pair[0]), ("release", "address", "*", 1)),
    "addresses.release_allocation": (
        lambda w: addresses.release_allocation(w.pair[0].allocation),
        ("release", "address", "*", 2),
    ),
    "addresses.release_many": (lambda w: addresses.release_many(w.pair), ("release", "address", "*", 2)),
    "completion.complete": (
        lambda w: completion.complete(w.internet, IPV6),
        ("complete", "address", "*", 1),
    ),
    "allocations.join": (lambda w: allocations.join([one.pk for one in w.halves()]), ("join", "address", "*", 2)),
    "allocations.part": (lambda w: allocations.part(w.pair[0].allocation), ("part", "address", "", 2)),
    "addresses.update_allocation": (
        lambda w: addresses.update_allocation(w.pair[0].allocation, name="vpn"),
        ("update", "address", "*", 2),
    ),
    "address_moves.move": (
        lambda w: address_moves.move(w.pair[0].allocation, project=w.empty_project),
        ("move", "address", "*", 2),
    ),
    "address_moves.move_many": (
        lambda w: address_moves.move_many([w.pair[0].allocation], project=w.empty_project),
        ("move", "project", "*", 1),
    ),
    "network_moves.move": (
        lambda w: network_moves.move(w.home, project=w.empty_project),
        ("move", "network", "*", 1),
    ),
    "address_holders.hand_over": (
        lambda w: address_holders.hand_over([w.at_home()], w.machine, type="static"),
        ("make-static", "address", "*", 1),
    ),
    "address_holders.take_off": (
        lambda w: address_holders.take_off([w.attached()], w.machine),
        ("update", "address", "*", 1),
    ),
    "address_holders.set_machines": (
        lambda w: address_holders.set_machines([w.attached()], []),
        ("update", "address", "*", 1),
    ),
    "bulk.label": (
        lambda w: bulk.label([w.machine], add={"rack": "4"}, remove={}),
        ("label", "machine", "m1", 1),
    ),
    "bulk.rename": (
        lambda w: bulk.rename([w.machine], before="old-"),
        ("update", "machine", "m1", 1),
    ),
    "machines.allocate": (
        lambda w: w.join("m2"),
        ("allocate", "machine", "m2", 1),
    ),
    "machines.update": (lambda w: machines.update(w.machine, name="db"), ("update", "machine", "m1", 1)),
    "machines.release": (lambda w: machines.release(w.machine), ("release", "machine", "m1", 1)),
    "lifecycle.create": (
        lambda w: w.plan("web", w.home, reserve=True),
        ("create", "cluster", "*", 1),
    ),
    "lifecycle.create (with its node network)": (
        lambda w: lifecycle.create(NewCluster(name="web", project=w.project, parent=w.tenants, wanted_nodes=50)),
        ("create", "cluster", "*", 1),
    ),
    "lifecycle.update": (lambda w: lifecycle.update(w.draft, max_pods=64), ("update", "cluster", "*", 1)),
    "lifecycle.reserve": (lambda w: lifecycle.reserve(w.draft), ("reserve", "cluster", "*", 1)),
    "lifecycle.release": (lambda w: lifecycle.release(w.reserved), ("release", "cluster", "*", 1)),
    "lifecycle.delete": (lambda w: lifecycle.delete(w.draft), ("delete", "cluster", "*", 1)),
    "belongings.take_for_load_balancers": (
        lambda w: belongings.take_for_load_balancers(w.reserved, w.internet),
        ("allocate", "cluster", "*", 1),
    ),
    "belongings.take_for_api": (
        lambda w: belongings.take_for_api(w.reserved, w.internet),
        ("allocate", "cluster", "*", 1),
    ),
    "belongings.give_back": (
        lambda w: belongings.give_back(w.reserved, w.owned()),
        ("release", "cluster", "*", 1),
    ),
    "service_ranges.add": (
        lambda w: service_ranges.add(w.reserved, families("10.251.0.0/24")),
        ("update", "cluster", "*", 1),
    ),
    "service_ranges.remove": (
        lambda w: service_ranges.remove(w.reserved, w.further()),
        ("update", "cluster", "*", 1),
    ),
    "migration_steps.finish": (
        lambda w: migration_steps.finish(w.migrating(), "spec"),
        ("update", "cluster", "*", 1),
    ),
    "documented.register": (
        lambda w: documented.register(NewCluster(name="old", project=w.project, network=w.home), {}),
        ("import", "cluster", "*", 1),
    ),
    "documented.compare": (
        lambda w: documented.compare(w.reserved, {"max_pods": 1}),
        ("import", "cluster", "*", 1),
    ),
    "migration.change": (
        lambda w: migration.change(w.reserved, [IPV4], roll_nodes=True),
        ("update", "cluster", "*", 1),
    ),
    "resizing.resize": (
        lambda w: resizing.resize(w.internet.prefixes.get(family=4), cidrs("203.0.113.0/24")[0]),
        ("resize", "network", "internet", 1),
    ),
    "splitting.split": (
        lambda w: splitting.split(w.tenants.prefixes.in_order()[1], 18),
        ("split", "network", "tenants", 1),
    ),
    "splitting.merge": (
        lambda w: splitting.merge(w.tenants.prefixes.in_order()[1]),
        ("merge", "network", "tenants", 1),
    ),
    "prefixes.update": (
        lambda w: prefixes.update(w.internet.prefixes.get(family=4), gateway=ip("203.0.113.254")),
        ("update", "network", "internet", 1),
    ),
    "claims.take": (
        lambda w: claims.take(w.internet, project=w.project, name="other"),
        ("allocate", "claim", "*", 1),
    ),
    "alert_rules.create": (
        lambda w: alert_rules.create(NewRule(name="f", watch="finding", code="unused_static", severity="info")),
        ("create", "alert-rule", "*", 1),
    ),
    "alert_rules.update": (lambda w: alert_rules.update(w.rule, name="new"), ("update", "alert-rule", "*", 1)),
    "alert_rules.delete": (lambda w: alert_rules.delete(w.rule), ("delete", "alert-rule", "*", 1)),
    "alert_rules.snooze": (
        lambda w: alert_rules.snooze(w.rule, until=w.tomorrow, reason="moving"),
        ("snooze", "alert-rule", "*", 1),
    ),
    "alerts.acknowledge": (lambda w: alerts.acknowledge(w.alert, reason="known"), ("acknowledge", "alert", "*", 1)),
    "alerts.snooze": (
        lambda w: alerts.snooze(w.alert, until=w.tomorrow, reason="known"),
        ("snooze", "alert", "*", 1),
    ),
    "finding_marks.snooze": (
        lambda w: finding_marks.snooze(w.unused, until=w.tomorrow, reason="spare"),
        ("snooze", "finding", "*", 1),
    ),
    "finding_marks.accept": (lambda w: finding_marks.accept(w.unused, reason="spare"), ("accept", "finding", "*", 1)),
    "finding_marks.reopen": (lambda w: finding_marks.reopen(w.unused), ("reopen", "finding", "*", 1)),
    "claims.release": (lambda w: claims.release(w.claim), ("release", "claim", "*", 1)),
    "ranges.create": (lambda w: w.lay("203.0.113.240", name="new"), ("create", "range", "*", 1)),
    "ranges.update": (lambda w: ranges.update(w.range, name="new"), ("update", "range", "*", 1)),
    "ranges.delete": (lambda w: ranges.delete(w.range), ("delete", "range", "*", 1)),
    "quota_limits.create": (
        lambda w: w.limit(IPV6),
        ("create", "quota", "*", 1),
    ),
    "quota_limits.update": (lambda w: quota_limits.update(w.quota, limit=8), ("update", "quota", "*", 1)),
    "quota_limits.delete": (lambda w: quota_limits.delete(w.quota), ("delete", "quota", "*", 1)),
    "quota_limits.count_again": (lambda w: quota_limits.count_again(), ("repair", "quota", "", 1)),
    "children.import_child": (
        lambda w: children.import_child(
            child(id="old", parent=w.tenants, project=w.project, prefixes=cidrs("10.7.4.0/24"))
        ),
        ("create", "network", "old", 1),
    ),
    "address_batches.take": (
        lambda w: address_batches.take([w.wanted("203.0.113.200"), w.wanted("203.0.113.201")]),
        ("allocate", "address", "", 2),
    ),
    "address_batches.change": (
        lambda w: address_batches.change({w.pair[0].pk: {"name": "vpn"}}),
        ("update", "address", "*", 1),
    ),
    "address_batches.join": (
        lambda w: address_batches.join({w.at_home().pk: w.machine}),
        ("update", "address", "*", 1),
    ),
    "address_batches.leave": (
        lambda w: address_batches.leave([w.machine.addresses.earliest("address").pk]),
        ("update", "address", "*", 1),
    ),
    "passes.take_over": (lambda w: w.take_over(), ("update", "installation", "", 1)),
    "importing.apply (a table)": (
        lambda w: table_import.apply(Table(PARTITIONS, io.BytesIO(b"id\nfra\nmuc\n"), "csv")),
        ("import", "installation", "", 2),
    ),
    "importing.apply (from metal-stack)": (
        lambda w: table_import.apply(Rows(reading.parse("partitions: [{id: fra}, {id: muc}]"))),
        ("import", "installation", "", 2),
    ),
    "importing.apply (from go-ipam)": (
        lambda w: table_import.apply(
            go_ipam.Rows(
                go_ipam.read(
                    io.StringIO('[{"Cidr": "192.0.2.0/24", "IPs": {"192.0.2.9": true}}]'), project=w.project, vrf=7
                ),
                partition=w.partition,
            )
        ),
        ("import", "installation", "", 2),
    ),
    "importing.apply (from NetBox)": (
        lambda w: table_import.apply(
            netbox.read(
                [
                    Source("p.csv", io.BytesIO(b"prefix,vrf\n192.0.2.0/24,seven\n"), "csv"),
                    Source("i.csv", io.BytesIO(b"address,vrf\n192.0.2.9/24,seven\n"), "csv"),
                ],
                Places(w.partition, w.project, {}, {"seven": 7}),
            )
        ),
        ("import", "installation", "", 2),
    ),
    "rebuilding.build_all": (lambda w: w.rebuild_all(), ("repair", "installation", "", 1)),
    "rebuilding.rebuild_prefix": (
        lambda w: rebuilding.rebuild_prefix(w.internet.prefixes.in_order()[0].pk),
        ("repair", "prefix", "*", 1),
    ),
    "rebuilding.rebuild_tenures": (lambda w: rebuilding.rebuild_tenures(), ("repair", "installation", "", 1)),
    "rebuilding.rebuild_pool": (lambda w: rebuilding.rebuild_pool(Pool.VRF), ("repair", "pool", "vrf", 1)),
}


STORES_AN_EVENT = 'INSERT INTO "ipam_event"', "ipam_take(", "ipam_give_back("


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_leaves_one_event_by_one_insert(name: str, world: World) -> None:
    call, (verb, kind, key, count) = OPERATIONS[name]
    with CaptureQueriesContext(connection) as captured:
        call(world)
    event = whole()
    assert (event.verb, event.kind, event.count) == (verb, kind, count)
    assert key in ("*", event.object_id)
    stored = sum(any(one in query["sql"] for one in STORES_AN_EVENT) for query in captured)
    assert stored == 1 + event.parts.count()


@pytest.mark.parametrize("name", OPERATIONS)
def test_dry_run_leaves_no_event(name: str, world: World) -> None:
    call, _ = OPERATIONS[name]
    with dry_run():
        call(world)
    assert not Event.objects.exists()


def test_every_operation_is_in_the_table() -> None:
    """What needs an empty installation, or something that was done before, has tests of its own."""
    known = {
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in domain_modules()
        for name, function in vars(module).items()
        if not name.startswith("_") and getattr(function, "__module__", "") == module.__name__
        if is_operation(function)
    }
    assert known - {name.partition(" ")[0] for name in OPERATIONS} == {"backup.restore", "undoing.undo"}


def domain_modules() -> list[ModuleType]:
    return [import_module(found.name) for found in walk_packages(domain.__path__, "ipam.domain.")]


def is_operation(function: Any) -> bool:
    """Whether it was wrapped by `operation`, which runs it in a transaction of its own."""
    inside = getattr(function, "__wrapped__", None)
    return getattr(inside, "__code__", None) is transacted(lambda: None).__code__


def test_refused_operation_leaves_no_event(world: World) -> None:
    with pytest.raises(errors.InUse):
        partitions.delete(world.partition)
    with pytest.raises(errors.Several):
        addresses.release_many(IPAddress.objects.exclude(machine=None))
    assert not Event.objects.exists()


def test_operation_that_changes_nothing_at_all_leaves_no_event(world: World) -> None:
    addresses.release_many([])
    table_import.apply(Rows(reading.parse("partitions: []")))
    assert not Event.objects.exists()


def test_seeding_leaves_one_event(db: None) -> None:
    seeding.seed(networks=30, prefixes=60, addresses=200)
    event = Event.objects.get(part_of=None)
    assert (event.verb, event.kind, event.changes["addresses"]) == ("seed", "installation", [0, 200])
    parts = Event.objects.exclude(part_of=None)  # its clusters are made as anybody's are
    assert {(part.part_of_id, part.kind) for part in parts} == {(event.pk, "cluster")}


def test_restoring_leaves_one_event(world: World) -> None:
    document = "".join(backup.write())
    empty()
    Event.objects.all().delete()
    backup.restore(io.StringIO(document))
    event = Event.objects.get()
    assert (event.verb, event.kind, event.changes["machines"]) == ("import", "installation", [0, 1])


# --- what an event says ---------------------------------------------------------------------------
def test_update_names_what_changed_and_nothing_else(world: World) -> None:
    projects.update(world.project, name="alice", tenant="acme", labels={"a": "b"})
    event = Event.objects.get()
    assert event.changes == {"labels": [{}, {"a": "b"}], "tenant": ["", "acme"]}
    assert (event.object_id, event.object_name, event.project_id) == (str(world.project.pk), "alice", world.project.pk)


def test_update_of_a_network_speaks_the_words_of_the_api(world: World) -> None:
    networks.update(world.tenants, default_child_prefix_length={IPV4: 23, IPV6: 96}, stack="dual")
    assert Event.objects.get().changes == {
        "default_child_prefix_length": [{"ipv4": 22, "ipv6": 96}, {"ipv4": 23, "ipv6": 96}]
    }


def test_prefix_that_comes_is_a_change_of_its_network(world: World) -> None:
    networks.add_prefix(world.internet, *cidrs("192.0.2.0/24"))
    before = ["203.0.113.128/25", "2001:db8:0:113::/64"]
    assert Event.objects.get().changes == {"prefixes": [before, [before[0], "192.0.2.0/24", before[1]]]}


def test_family_that_is_added_is_a_change_of_the_prefixes(world: World) -> None:
    before = prefixes_of(world.narrow)
    children.add_family(world.narrow, IPV6)
    assert Event.objects.get().changes["prefixes"] == [before, prefixes_of(world.narrow)]


def test_carved_network_comes_with_its_prefixes_and_is_of_its_project(world: World) -> None:
    made = world.carve(name="web")
    event = Event.objects.get()
    assert (event.network_id, event.project_id, event.object_name) == (made.pk, world.project.pk, "web")
    assert event.changes["prefixes"] == [None, prefixes_of(made)]


def test_deleted_network_is_remembered_with_all_that_it_was(world: World) -> None:
    key, held = world.narrow.pk, prefixes_of(world.narrow)
    networks.delete(world.narrow)
    event = Event.objects.get()
    assert (event.object_id, event.changes["prefixes"], event.changes["parent"]) == (
        key,
        [held, None],
        ["tenants", None],
    )


def test_cluster_is_remembered_with_its_ranges_in_the_timeline_of_its_node_network(world: World) -> None:
    lifecycle.reserve(world.draft)
    event = Event.objects.get()
    assert (event.network_id, event.object_name, event.changes) == (
        world.draft.network_id,
        "draft",
        {"state": ["draft", "reserved"]},
    )
    lifecycle.delete(lifecycle.release(world.draft))
    ranges = {family.key: str(cidr) for family, cidr in world.draft.pods.items()}
    assert Event.objects.get(verb="delete").changes["pods"] == [ranges, None]


def test_claim_is_remembered_with_its_addresses(world: World) -> None:
    claims.release(world.claim)
    event = Event.objects.get()
    assert (event.object_name, event.network_id, len(addresses_of(event))) == ("vip", "internet", 2)


def test_allocation_names_its_addresses_network_and_project(world: World) -> None:
    pair = addresses.allocate(world.internet, project=world.project, name="db", type="static")
    event = Event.objects.get()
    assert addresses_of(event) == [str(address) for address in pair]
    assert (event.object_id, event.object_name) == (str(pair[0].allocation), "db")
    assert (event.network_id, event.project_id) == ("internet", world.project.pk)
    assert event.changes == {"name": [None, "db"], "type": [None, "static"]}


def test_thousand_addresses_are_one_row(world: World) -> None:
    with CaptureQueriesContext(connection) as captured:
        made = addresses.allocate(world.home, project=world.project, count=500)
    event = Event.objects.get()
    assert (event.count, event.object_id, len(addresses_of(event)), len(timelines.holders(event))) == (
        1000,
        "",
        1000,
        1,
    )
    assert sum('INSERT INTO "ipam_event"' in query["sql"] for query in captured) == 1
    Event.objects.all().delete()
    addresses.release_many(made)
    assert (Event.objects.get().count, len(addresses_of(Event.objects.get()))) == (1000, 1000)


def test_release_over_networks_is_one_row_that_tells_them_apart(world: World) -> None:
    inside = addresses.allocate(world.home, project=world.project, families=[IPV4])
    Event.objects.all().delete()
    addresses.release_many([*inside, *world.pair])
    event = Event.objects.get()
    assert (event.network_id, event.project_id) == ("", world.project.pk)
    assert {group.network: len(group.addresses) for group in timelines.holders(event)} == {
        world.home.pk: 1,
        "internet": 2,
    }


def test_machine_is_one_event_with_all_its_addresses(world: World) -> None:
    machine = world.join("m2")
    event = Event.objects.get()
    assert sorted(addresses_of(event)) == sorted(str(address) for address in machine.addresses.all())
    assert event.changes["networks"] == [None, [world.home.pk, "internet"]]


def test_import_is_one_event_that_its_networks_and_addresses_know(db: None) -> None:
    made = table_import.apply(Rows(reading.parse(EXAMPLE.read_text())))
    event = whole()
    assert (event.count, event.changes["partitions, new"]) == (made.counts.total(), [0, 1])
    assert list(timelines.of_network("underlay-mini-lab")) == [event]
    assert timelines.of_address("internet-mini-lab", ip("203.0.113.142")) == [event]


def test_imported_addresses_have_the_import_in_their_timelines(world: World) -> None:
    row = f'[{{"ip": "203.0.113.200", "network": "internet", "project": "{world.project.pk}"}}]'
    table_import.apply(Table(ADDRESSES, io.BytesIO(row.encode()), "json"))
    event = whole()
    assert addresses_of(event) == ["203.0.113.200"]
    assert timelines.of_address("internet", ip("203.0.113.200")) == [event]
    assert list(timelines.of_network("internet")) == [event]


def imported(kind: TableKind, *rows: dict[str, Any], **options: Any) -> list[Event]:
    table_import.apply(Table(kind, io.BytesIO(json.dumps(rows).encode()), "json"), **options)
    return list(Event.objects.order_by("at", "pk"))


def test_import_says_which_network_it_renamed_and_from_what(world: World) -> None:
    renamed, whole = imported(NETWORKS, {"id": "internet", "name": "Internet"}, {"id": "tenants", "name": ""})
    assert (renamed.verb, renamed.kind, renamed.object_id, renamed.network_id, renamed.changes) == (
        ("update", "network", "internet", "internet", {"name": ["", "Internet"]})
    )
    assert (whole.verb, whole.changes, whole.request_id) == (
        "import",
        {"networks, changed": [0, 1]},
        renamed.request_id,
    )
    assert list(timelines.of_network("internet")) == [whole, renamed]


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        (PARTITIONS, lambda w: {"id": "spare"}),
        (PROJECTS, lambda w: {"id": str(w.project.pk)}),
        (VRFS, lambda w: {"id": 7}),
        (MACHINES, lambda w: {"id": "m1"}),
        (CLUSTERS, lambda w: {"id": str(w.draft.pk)}),
        (ADDRESSES, lambda w: {"id": str(w.pair[0].pk)}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_import_says_what_it_changed_on_each_kind(world: World, kind: TableKind, row: Any) -> None:
    found = {**row(world), "description": "new words"}
    changed, _ = imported(kind, found)
    assert (changed.verb, changed.kind, changed.changes) == ("update", kind.one, {"description": ["", "new words"]})
    assert imported(kind, found) == [changed, Event.objects.get(verb="import")]


def test_import_says_of_each_address_what_it_changed(world: World) -> None:
    *found, _ = imported(ADDRESSES, *({"id": str(one.pk), "name": f"n{one.family}"} for one in world.pair))
    assert {addresses_of(one)[0]: one.changes for one in found} == {
        str(world.pair[0]): {"name": ["web", "n4"]},
        str(world.pair[1]): {"name": ["web", "n6"]},
    }
    (shown,) = timelines.of_address("internet", world.pair[0].address)
    assert shown.changes == {"name": ["web", "n4"]}


def test_addresses_that_an_import_changes_alike_share_one_event(world: World) -> None:
    changed, _ = imported(ADDRESSES, *({"id": str(one.pk), "description": "new words"} for one in world.pair))
    assert sorted(addresses_of(changed)) == sorted(str(one) for one in world.pair)
    assert changed.changes == {"description": ["", "new words"]}


def test_bulk_editing_says_of_each_object_from_what_to_what(world: World) -> None:
    bulk.rename([world.internet, world.tenants], name="x")
    bulk.label([world.internet, world.tenants], add={"a": "b"}, remove={})
    assert sorted(Event.objects.values_list("object_id", "verb")) == [
        ("internet", "label"), ("internet", "update"), ("tenants", "label"), ("tenants", "update"),
    ]  # fmt: skip
    assert Event.objects.get(object_id="tenants", verb="label").changes == {"labels": [{}, {"a": "b"}]}


def test_prefixes_that_an_import_adds_are_one_change_of_their_network(world: World) -> None:
    before = prefixes_of(world.internet)
    rows = ({"network": "internet", "prefix": prefix} for prefix in ("192.0.2.0/24", "198.51.100.0/24"))
    changed, _ = imported(PREFIXES, *rows)
    assert changed.changes == {"prefixes": [before, prefixes_of(world.internet)]}


def test_refused_change_leaves_no_event(world: World) -> None:
    rows = {"id": "internet", "name": "Internet", "prefixes": ["10.0.0.0/24"]}, {"id": "tenants", "name": "Tenants"}
    changed, whole = imported(NETWORKS, *rows, skip_refused=True)
    assert (changed.object_id, whole.count) == ("tenants", 1)


def test_refused_rows_are_no_part_of_the_event(world: World) -> None:
    rows = b'[{"id": "fra"}, {"id": ""}]'
    table_import.apply(Table(PARTITIONS, io.BytesIO(rows), "json"), skip_refused=True)
    assert (whole().count, whole().changes) == (1, {"partitions, new": [0, 1]})


def test_token_is_remembered_without_its_secret(world: World) -> None:
    secret = tokens.issue(world.user, name="terraform")
    event = Event.objects.get()
    assert (event.object_name, event.changes) == (
        "terraform",
        {"name": [None, "terraform"], "user": [None, "operator"]},
    )
    assert secret not in str(vars(event))


# --- who acts -------------------------------------------------------------------------------------
def test_outside_of_requests_a_command_of_the_system_user_acts(db: None) -> None:
    partitions.create(id="fra")
    event = Event.objects.get()
    assert (event.door, event.actor) == ("command", pwd.getpwuid(os.getuid()).pw_name)
    partitions.create(id="muc")
    assert set(Event.objects.values_list("request_id", flat=True)) == {event.request_id}


def test_who_acts_is_asked_when_the_event_is_written(db: None) -> None:
    caller = operator_called("alice")
    with context.as_caller(lambda: (caller, None), door=Door.API, request_id="r1"):
        partitions.create(id="fra")
        caller = operator_called("bob")
        partitions.create(id="muc")
    assert list(Event.objects.order_by("pk").values_list("actor", "door", "request_id")) == [
        ("alice", "api", "r1"),
        ("bob", "api", "r1"),
    ]


def test_whoever_acted_before_acts_again_afterwards(db: None) -> None:
    with as_user(operator_called("alice"), door=Door.ADMIN):
        with as_user(operator_called("bob"), door=Door.API):
            pass
        partitions.create(id="fra")
    partitions.create(id="muc")
    assert list(Event.objects.order_by("pk").values_list("door", flat=True)) == ["admin", "command"]


@pytest.mark.django_db(transaction=True)
def test_threads_act_for_themselves() -> None:
    together = Barrier(2, timeout=10)

    def act(name: str) -> None:
        with as_user(operator_called(name)):
            together.wait()
            partitions.create(id=name)
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(act, ["alice", "bob"]))
    assert sorted(Event.objects.values_list("object_id", "actor")) == [("alice", "alice"), ("bob", "bob")]
