"""Every operation of the domain, and the event that it leaves: whoever adds one adds a row."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ipam.domain.clusters import belongings, documented, lifecycle, migration, migration_steps, service_ranges
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.files import importing as table_import
from ipam.domain.files.kinds import PARTITIONS
from ipam.domain.files.tables import Table
from ipam.domain.health import rebuilding
from ipam.domain.insight import alert_rules, alerts, finding_marks, series_points
from ipam.domain.insight.alert_rules import NewRule
from ipam.domain.insight.series_points import NewPoint
from ipam.domain.moving import go_ipam
from ipam.domain.moving.metal_stack import reading
from ipam.domain.moving.metal_stack.rows import Rows
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
from ipam.domain.notify import targets, webhooks
from ipam.domain.people import accounts, members, saved_views, tokens
from ipam.domain.space.number_pools import Pool
from ipam.models.roles import Role
from tests.builders import IPV4, IPV6, child, cidrs, external, families, ip
from tests.domain.core.world import World

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
        lambda w: finding_marks.snooze([w.unused], until=w.tomorrow, reason="spare"),
        ("snooze", "finding", "*", 1),
    ),
    "finding_marks.accept": (lambda w: finding_marks.accept([w.unused], reason="spare"), ("accept", "finding", "*", 1)),
    "finding_marks.reopen": (lambda w: finding_marks.reopen([w.unused]), ("reopen", "finding", "*", 1)),
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
