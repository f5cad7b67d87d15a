"""Every invariant that one row can break is a constraint with a name and a sentence."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone
from netaddr import IPAddress as Address

from ipam.domain.clusters import lifecycle
from ipam.domain.networks import addresses, claims, machines, networks, projects, quota_limits, ranges
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.networks.ranges import Bounds
from ipam.domain.notify import targets, webhooks
from ipam.domain.people import members
from ipam.models import (
    VRF,
    AddressHolder,
    AddressRange,
    Alert,
    AlertReader,
    AlertRule,
    AlertSnooze,
    Claim,
    Cluster,
    ClusterRange,
    Delivery,
    Event,
    FeedState,
    FindingMark,
    FreeBlock,
    IdempotentResponse,
    Identity,
    IPAddress,
    LocalSpace,
    Machine,
    MachineNetwork,
    Network,
    NumberRange,
    Partition,
    Prefix,
    Project,
    Quota,
    RoleBinding,
    Sample,
    SavedView,
    Series,
    SetAsideBlock,
    Survey,
    Tenure,
)
from tests.builders import IPV4, child, ip, super_network, worked_example
from tests.models.conftest import Insert
from tests.shared import shared_fixture

Row = Callable[["Cast"], models.Model]


class Cast:
    """Rows that hold, to put broken ones beside."""

    def __init__(self, partition: Partition, project: Project, private: Network, internet: Network) -> None:
        self.partition, self.project, self.private, self.internet = partition, project, private, internet
        self.prefix = internet.prefixes.in_order()[0]
        self.machine = machines.allocate(project=project, partition=partition, networks=[Attachment(network=private)])
        self.address = addresses.allocate(internet, project=project, families=[IPV4])[0]
        self.vip = addresses.allocate(internet, project=project, families=[IPV4], type="static", shared="vip")[0]
        AddressHolder.objects.create(address=self.vip, machine=self.machine)
        self.cluster = lifecycle.create(worked_example(project=project, network=private), reserve=True)
        self.claim = claims.claim(internet, project=project, name="vip")
        for where in (None, internet):
            quota_limits.create(project=project, network=where, address_family=IPV4, resource="addresses", limit=9)
        self.laid = ranges.create(internet, Bounds(first=ip("203.0.113.250"), last=ip("203.0.113.250")))
        self.user, self.other = (User.objects.create_user(name) for name in ("bob", "eve"))
        members.grant(self.user, "auditor")
        members.grant(self.user, "viewer", project=project)
        Identity.objects.create(user=self.user, issuer="https://id.example.org", subject="1")
        self.series = series_of(internet)
        self.series.save()
        self.series.samples.create(at=self.series.at, used=1, high=1)
        series_of(internet, network_id="", project_id=project.pk, family=6).save()
        self.rule = AlertRule.objects.earliest("id")
        self.rule.alerts.create(subject="vrf", since=timezone.now())
        self.rule.snoozes.create(until=timezone.now())
        FindingMark.objects.create(code="unused_static", kind="address", object_id="1")
        SavedView.objects.create(owner=self.user, page="networks", name="mine")
        self.webhook, _ = webhooks.create(targets.resolve("https://1.1.1.1/"), project=project)
        self.webhook.deliveries.create(event=1, type="address.allocate")
        self.undone = Event.objects.create(door="api", verb="release", kind="address", undoes=1)
        self.kept = IdempotentResponse.objects.create(
            user=User.objects.create(username="alice"), key="a", request=bytes(32)
        )

    def ip(self, text: str, **fields: Any) -> IPAddress:
        address = Address(text)
        return IPAddress(
            **{
                "address": address,
                "family": address.version,
                "network": self.internet,
                "prefix": self.prefix,
                "project": self.project,
            }
            | fields
        )

    def block(self, **fields: Any) -> Prefix:
        given = {"network": self.internet, "family": 4, "first": ip("11.0.0.0"), "last": ip("11.0.0.255"), "length": 24}
        return Prefix(**given | fields)

    def plan(self, **fields: Any) -> Cluster:
        given = {name: getattr(self.cluster, name) for name in ("families", "node_mask_ipv4", "node_mask_ipv6")}
        owned = {"name": "broken", "project": self.project, "network": self.private, "kubernetes_version": "1.33"}
        return Cluster(**{**owned, **given, "max_pods": 110} | fields)

    def range(self, **fields: Any) -> ClusterRange:
        between = {"family": 4, "first": ip("11.0.0.0"), "last": ip("11.0.0.255"), "length": 24}
        return ClusterRange(**{"cluster": self.cluster, "purpose": "pods", **between} | fields)

    def limit(self, **fields: Any) -> Quota:
        return Quota(**{"project": self.project, "family": 4, "resource": "addresses", "limit": 9} | fields)

    def lay(self, **fields: Any) -> AddressRange:
        place = {"network": self.internet, "prefix": self.prefix, "family": 4, "use": "dhcp"}
        return AddressRange(**place | {"first": ip("203.0.113.200"), "last": ip("203.0.113.201")} | fields)

    def aside(self, **fields: Any) -> SetAsideBlock:
        place = {"network": self.internet, "prefix": self.prefix, "family": 4, "length": 32, "range": self.laid}
        return SetAsideBlock(**place | {"first": ip("203.0.113.250")} | fields)

    def free(self, **fields: Any) -> FreeBlock:
        stored = FreeBlock.objects.filter(network=self.internet)[0]
        return FreeBlock(
            network=stored.network, prefix=stored.prefix, family=stored.family, first=stored.first, length=32, **fields
        )


def rule_of(**fields: Any) -> AlertRule:
    return AlertRule(**{"name": "broken", "watch": "utilization", "severity": "info", "fire": 80, "clear": 75} | fields)


@shared_fixture
def cast(partition: Partition, project: Project, private: Network, internet: Network) -> Cast:
    return Cast(partition, project, private, internet)


@shared_fixture
def shared_child(tenants: Network) -> Network:
    return networks.create(child(type="child-shared", parent=tenants, project=projects.create(name="sharer")))


def network(**fields: Any) -> Network:
    return Network(**{"id": "broken", "type": "super"} | fields)


def series_of(network: Network, **columns: Any) -> Series:
    now = timezone.now()
    times = {"since": network.created_at, "at": now, "days_until": now.date()}
    return Series(**{"network_id": network.pk, "family": 4, "used": 1, "utilization": 0.1, **times} | columns)


def role(cast: Cast, **fields: Any) -> RoleBinding:
    return RoleBinding(user=cast.user, **fields)


def tenure(address: Address, **columns: Any) -> Tenure:
    return Tenure(address=address, network_id="internet", since=timezone.now(), **columns)


BROKEN: dict[str, list[Row]] = {
    "address_once_per_namespace": [lambda cast: cast.ip(str(cast.address))],
    "address_one_per_family_and_allocation": [
        lambda cast: cast.ip("203.0.113.200", allocation=cast.address.allocation)
    ],
    "address_family_is_its_own": [
        lambda cast: cast.ip("203.0.113.200", family=6),
        lambda cast: cast.ip("2001:db8::9", family=4),
    ],
    "address_shared_is_static": [
        lambda cast: cast.ip("203.0.113.200", shared="vip"),
        lambda cast: cast.ip("203.0.113.200", shared="mcast", type="static"),
    ],
    "holder_once": [lambda cast: AddressHolder(address=cast.vip, machine=cast.machine)],
    "address_type_known": [lambda cast: cast.ip("203.0.113.200", type="dynamic")],
    "prefix_family_is_of_its_addresses": [
        lambda cast: cast.block(family=6),
        lambda cast: cast.block(last=ip("2001:db8::"), parent=cast.prefix),
        lambda cast: cast.block(last=ip("2001:db8::"), parent=cast.prefix, family=6),
    ],
    "prefix_first_not_above_last": [lambda cast: cast.block(first=ip("11.0.1.0"))],
    "prefix_gateway_lies_in_it": [
        lambda cast: cast.block(gateway=ip("11.0.1.0")),
        lambda cast: cast.block(gateway=ip("2001:db8::1")),
    ],
    "prefix_length_in_family": [
        lambda cast: cast.block(length=33),
        lambda cast: cast.block(family=6, first=ip("2001:db8:7::"), last=ip("2001:db8:7::1"), length=129),
    ],
    "free_block_once": [lambda cast: cast.free()],
    "series_once_per_network": [lambda cast: series_of(cast.internet)],
    "series_once_per_project": [
        lambda cast: series_of(cast.internet, network_id="", project_id=cast.project.pk, family=6),
    ],
    "series_of_network_or_project": [lambda cast: series_of(cast.internet, family=6, project_id=cast.project.pk)],
    "series_utilization_is_a_share": [lambda cast: series_of(cast.internet, family=6, utilization=1.5)],
    "sample_once_per_moment": [lambda cast: Sample(series=cast.series, at=cast.series.at, used=1, high=1)],
    "sample_high_is_no_less": [lambda cast: Sample(series=cast.series, at=timezone.now(), used=2, high=1)],
    "feed_is_one": [lambda cast: FeedState(pk=2)],
    "alert_rule_has_what_it_watches": [
        lambda cast: rule_of(watch="finding", fire=None, clear=None),
        lambda cast: rule_of(watch="finding", code="unused_static", clear=90),
        lambda cast: rule_of(code="unused_static"),
        lambda cast: rule_of(clear=None),
    ],
    "alert_rule_clears_behind_fire": [
        lambda cast: rule_of(clear=80),
        lambda cast: rule_of(watch="days_left", fire=30, clear=21),
    ],
    "alert_open_once": [lambda cast: Alert(rule=cast.rule, subject="vrf", since=timezone.now())],
    "alert_cleared_has_its_time": [
        lambda cast: Alert(rule=cast.rule, subject="asn", since=timezone.now(), state="cleared"),
        lambda cast: Alert(rule=cast.rule, subject="asn", since=timezone.now(), cleared_at=timezone.now()),
    ],
    "alert_snooze_once": [lambda cast: AlertSnooze(rule=cast.rule, until=timezone.now())],
    "alert_reader_is_one": [lambda cast: AlertReader(pk=2)],
    "finding_mark_once": [lambda cast: FindingMark(code="unused_static", kind="address", object_id="1")],
    "saved_view_once_per_name": [lambda cast: SavedView(owner=cast.user, page="networks", name="mine")],
    "saved_view_has_a_name": [lambda cast: SavedView(owner=cast.user, page="networks")],
    "saved_view_of_a_page": [lambda cast: SavedView(owner=cast.user, page="tokens", name="mine")],
    "survey_is_one": [lambda cast: Survey(pk=2, at=timezone.now())],
    "cluster_name_once_per_project": [lambda cast: cast.plan(name="web")],
    "cluster_one_per_node_network": [lambda cast: cast.plan(state="reserved")],
    "cluster_choices_known": [
        lambda cast: cast.plan(state="planned"),
        lambda cast: cast.plan(platform="nomad"),
        lambda cast: cast.plan(families="ipv6,ipv6"),
    ],
    "cluster_ipam_and_step_known": [
        lambda cast: cast.plan(ipam="whereabouts"),
        lambda cast: cast.plan(migration_step="waiting"),
    ],
    "cluster_node_mask_per_family": [
        lambda cast: cast.plan(families="ipv4"),
        lambda cast: cast.plan(families="ipv6"),
        lambda cast: cast.plan(node_mask_ipv4=None),
        lambda cast: cast.plan(node_mask_ipv6=None),
        lambda cast: cast.plan(node_mask_ipv4=33),
        lambda cast: cast.plan(node_mask_ipv6=129),
    ],
    "cluster_range_once": [lambda cast: cast.range()],
    "cluster_range_purpose_known": [lambda cast: cast.range(purpose="nodes")],
    "cluster_range_is_a_block_of_its_family": [
        lambda cast: cast.range(purpose="services", family=6),
        lambda cast: cast.range(length=33),
        lambda cast: cast.range(first=ip("11.0.1.0")),
    ],
    "claim_of_allocation_or_child": [
        lambda cast: Claim(network=cast.internet, project=cast.project, name="neither"),
        lambda cast: Claim(
            network=cast.internet, project=cast.project, name="both", allocation=uuid.uuid4(), child=cast.private
        ),
    ],
    "claim_once_per_name": [
        lambda cast: Claim(
            network=cast.internet, project=cast.project, name="vip", allocation=cast.address.allocation
        )
    ],
    "range_family_is_of_its_addresses": [
        lambda cast: cast.lay(family=6),
        lambda cast: cast.lay(first=ip("203.0.113.9"), last=ip("203.0.113.8")),
    ],
    "range_use_known": [lambda cast: cast.lay(use="other")],
    "set_aside_once": [lambda cast: cast.aside()],
    "set_aside_by_range_or_time": [lambda cast: cast.aside(first=ip("203.0.113.251"), range=None)],
    "quota_once_per_network": [lambda cast: cast.limit(network=cast.internet)],
    "quota_once_per_project": [lambda cast: cast.limit()],
    "quota_family_known": [lambda cast: cast.limit(family=5)],
    "quota_resource_known": [lambda cast: cast.limit(resource="vrfs")],
    "local_space_once": [lambda cast: LocalSpace(id=2, first=ip("fd00::"))],
    "kept_answer_once_per_key": [
        lambda cast: IdempotentResponse(user=cast.kept.user, key=cast.kept.key, request=bytes(32))
    ],
    "delivery_told_once": [lambda cast: Delivery(webhook=cast.webhook, event=1, type="address.allocate")],
    "delivery_finished_or_pending": [
        lambda cast: Delivery(webhook=cast.webhook, type="address.allocate", state="delivered"),
        lambda cast: Delivery(webhook=cast.webhook, type="address.allocate", finished_at=timezone.now()),
    ],
    "event_undone_once": [lambda cast: Event(door="api", verb="release", kind="address", undoes=1)],
    "event_door_known": [lambda cast: Event(door="window", verb="create", kind="partition")],
    "tenure_one_open_per_address": [lambda cast: tenure(cast.address.address)],
    "tenure_one_open_per_block": [lambda cast: tenure(cast.private.prefixes.get(family=4).first, length=22)],
    "role_once_per_project": [lambda cast: role(cast, project=cast.project, role="owner")],
    "role_once_on_the_platform": [lambda cast: role(cast, role="operator")],
    "role_fits_its_place": [
        lambda cast: RoleBinding(user=cast.other, role="viewer"),
        lambda cast: RoleBinding(user=cast.other, project=cast.project, role="auditor"),
        lambda cast: RoleBinding(user=cast.other, role="king"),
    ],
    "identity_once": [lambda cast: Identity(user=cast.other, issuer="https://id.example.org", subject="1")],
    "vrf_vni_in_range": [lambda cast: VRF(id=0), lambda cast: VRF(id=16_777_216)],
    "number_range_once": [
        lambda cast: NumberRange(pool="asn", first=NumberRange.objects.filter(pool="asn")[0].first, last=131_072)
    ],
    "number_range_not_empty": [lambda cast: NumberRange(pool="vrf", first=200_000, last=199_999)],
    "machine_role_known": [
        lambda cast: Machine(id="broken", project=cast.project, partition=cast.partition, asn=1, role="router")
    ],
    "machine_network_once": [
        lambda cast: MachineNetwork(machine=cast.machine, network=cast.private, position=1)
    ],
    "machine_network_position_once": [
        lambda cast: MachineNetwork(machine=cast.machine, network=cast.internet, position=0)
    ],
    "network_type_known": [lambda cast: network(type="privatesuper")],
    "network_stack_known": [lambda cast: network(stack="both")],
    "network_child_has_parent_and_project": [
        lambda cast: network(type="child", project=cast.project),
        lambda cast: network(type="child-shared", parent=cast.private.parent),
        lambda cast: network(parent=cast.private.parent),
        lambda cast: network(namespace=cast.project),
    ],
    "network_external_has_vrf": [lambda cast: network(type="external")],
    "network_underlay_has_partition_only": [
        lambda cast: network(type="underlay"),
        lambda cast: network(type="underlay", partition=cast.partition, project=cast.project),
        lambda cast: network(type="underlay", partition=cast.partition, vrf_id=104009),
        lambda cast: network(type="underlay", partition=cast.partition, nat_type="ipv4-masquerade"),
    ],
    "network_child_lengths_on_super_only": [
        lambda cast: network(type="external", vrf_id=104009, default_child_length_ipv4=26),
        lambda cast: network(type="external", vrf_id=104009, min_child_length_ipv6=64),
    ],
    "network_cluster_ranges_strict_on_super_only": [
        lambda cast: network(type="external", vrf_id=104009, cluster_ranges="strict"),
        lambda cast: network(cluster_ranges="loose"),
    ],
    "network_child_choice_on_super_only": [
        lambda cast: network(type="external", vrf_id=104009, child_choice="sparse"),
        lambda cast: network(child_choice="random"),
    ],
    "network_one_super_per_partition": [lambda cast: network(partition=cast.partition)],
    "network_one_underlay_per_partition": [
        lambda cast: network(type="underlay", partition=Network.objects.get(type="underlay").partition)
    ],
    "network_one_shared_child_per_project": [
        lambda cast: network(
            type="child-shared", parent=cast.private.parent, project=Project.objects.get(name="sharer")
        )
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        pytest.param(name, row, id=f"{name}-{number}")
        for name, rows in BROKEN.items()
        for number, row in enumerate(rows)
    ],
)
def test_database_refuses(
    name: str, broken: Row, insert: Insert, cast: Cast, underlay: Network, shared_child: Network
) -> None:
    row = broken(cast)
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        insert(row)
    assert constraint_of(refusal.value) in {name, *columns_of(name)}


def constraint_of(error: IntegrityError) -> str:
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is not None:
        return str(diagnosis.constraint_name)
    return str(error).split(": ")[1].removeprefix("index ").strip("'")


def columns_of(name: str) -> list[str]:
    """What SQLite says instead of the name of a unique constraint over columns."""
    for model in apps.get_app_config("ipam").get_models():
        for constraint in model._meta.constraints:
            if constraint.name == name and isinstance(constraint, models.UniqueConstraint):
                columns = [model._meta.get_field(field).column for field in constraint.fields]
                return [", ".join(f"{model._meta.db_table}.{column}" for column in columns)]
    return []


def test_every_constraint_is_broken_here() -> None:
    named = {
        constraint.name for model in apps.get_app_config("ipam").get_models() for constraint in model._meta.constraints
    }
    assert set(BROKEN) == named


def test_every_constraint_has_a_sentence_for_people() -> None:
    silent = [
        constraint.name
        for model in (Network, Prefix, IPAddress, Machine, VRF)
        for constraint in model._meta.constraints
        if constraint.violation_error_message == constraint.default_violation_error_message
    ]
    assert silent == []


def test_address_may_exist_once_per_namespace(insert: Insert, cast: Cast, stranger: Project) -> None:
    text = str(cast.address)
    for namespace in (cast.project, stranger):
        insert(cast.ip(text, namespace=namespace))
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(cast.ip(text, namespace=stranger))


def test_block_is_free_once_per_namespace(insert: Insert, cast: Cast, stranger: Project) -> None:
    for namespace in (cast.project, stranger):
        insert(cast.free(namespace=namespace))
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(cast.free(namespace=stranger))


def test_asn_exists_once(insert: Insert, cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(Machine(id="broken", project=cast.project, partition=cast.partition, asn=cast.machine.asn))


def test_supers_without_partition_are_no_rivals(insert: Insert, db: None) -> None:
    insert(network(id="one"))
    insert(network(id="two"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("column", ["network_id", "prefix_id", "project_id", "machine_id"])
def test_address_refers_to_what_exists(column: str, insert: Insert, cast: Cast) -> None:
    missing: dict[str, Any] = {
        "network_id": "nowhere",
        "prefix_id": 0,
        "project_id": uuid.uuid4(),
        "machine_id": "none",
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(cast.ip("203.0.113.200"), **{column: missing[column]})


def test_constraints_are_the_database_s_own(db: None) -> None:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, Network._meta.db_table)
    assert {constraint.name for constraint in Network._meta.constraints} <= set(found)


def test_super_that_is_made_by_the_domain_passes_every_constraint(partition: Partition) -> None:
    networks.create(super_network(partition=partition)).full_clean(exclude=["labels"])
