"""A small installation with everything in it, and one with nothing."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from ipam.domain.clusters import lifecycle
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.insight import alert_rules, finding_marks, series_points, surveying
from ipam.domain.insight.alert_rules import NewRule
from ipam.domain.insight.series_points import NewPoint
from ipam.domain.networks import addresses, claims, machines, networks, quota_limits, ranges, vrfs
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.networks.ranges import Bounds
from ipam.domain.notify import targets, webhooks
from ipam.models import (
    VRF,
    AddressHolder,
    AddressRange,
    AlertRule,
    Claim,
    Cluster,
    ClusterRange,
    Finding,
    FindingMark,
    FreeBlock,
    IPAddress,
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
    Series,
    ServiceAccount,
    SetAsideBlock,
    Tenure,
    Webhook,
    default_rules,
)
from tests.builders import IPV4, IPV6, child, cidrs, external, namespaced


def empty() -> None:
    """What a new installation looks like."""
    Tenure.objects.all().delete()
    AlertRule.objects.exclude(name__in=[name for name, *_ in default_rules.RULES]).delete()
    Webhook.objects.all().delete()
    FindingMark.objects.all().delete()
    of_clusters = [SetAsideBlock, AddressRange, Quota, Claim, ClusterRange, Cluster]
    of_networks = [AddressHolder, IPAddress, FreeBlock, MachineNetwork, Machine, Prefix, Network, VRF]
    of_time = [Sample, Series]
    for model in [*of_time, *of_clusters, *of_networks, Partition, ServiceAccount, RoleBinding, Project, NumberRange]:
        model.objects.all()._raw_delete("default")
    for pool in NumberRange.Pool:
        NumberRange.objects.create(pool=pool, first=1, last=131_072)


def fill(partition: Partition, project: Project, stranger: Project, tenants: Network) -> None:
    """Every type of network, machines of both roles, prefixes and numbers that came and went."""
    outside = networks.create(external(partition=partition, labels={"zöne": "ä\"'\n"}))
    networks.create(namespaced())
    vrfs.create(id=77, name="kept")
    private = networks.create(child(parent=tenants, project=project, name="private"))
    networks.delete(networks.create(child(parent=tenants, project=stranger)))
    networks.create(child(type="child-shared", parent=tenants, project=stranger))
    for one in (project, stranger):
        networks.create(child(parent=Network.objects.get(pk="clusters"), project=one))
    owner: dict[str, Any] = {"project": project, "partition": partition}
    machines.allocate(**owner, networks=[Attachment(network=private), Attachment(network=outside)], name="one")
    machines.release(machines.allocate(**owner, networks=[Attachment(network=private)]))
    machines.allocate(**owner, networks=[Attachment(network=outside), Attachment(network=private)], role="firewall")
    (single,) = addresses.allocate(outside, project=stranger, families=[IPV6], type="static", description="=1+1")
    addresses.update(single, name="changed")
    lifecycle.create(NewCluster(name="web", project=project, network=private, max_pods=250), reserve=True)
    lifecycle.create(NewCluster(name="draft", project=project, parent=tenants, families=[IPV6], labels={"a": "b"}))
    claims.claim(outside, project=project, name="vip")
    quota_limits.create(project=project, address_family=IPV4, resource="addresses", limit=900)
    quota_limits.create(project=project, network=tenants, address_family=IPV6, resource="space", limit=2**80)
    networks.add_prefix(outside, *cidrs("198.51.100.0/24"))
    (kept,) = cidrs("198.51.100.128/25")
    ranges.create(outside, Bounds(prefix=kept), use="by-name", name="kept", project=project)
    networks.update(outside, quarantine={IPV4: 24})
    addresses.release_many(addresses.allocate(outside, project=stranger, families=[IPV4]))
    surveying.run()
    hook, _ = webhooks.create(targets.resolve("https://1.1.1.1/"), types=["address.release"], label="a=b")
    scope = {"network": outside.pk}
    alert_rules.create(
        NewRule(
            name="hushed", watch="utilization", severity="info", scope=scope, fire=Decimal("0.9"), clear=Decimal("0.8"),
            mails=["noc@example.org"], webhooks=[hook], enabled=False,
        )
    )  # fmt: skip
    first = Finding.objects.earliest("pk")
    finding_marks.accept([first.key], reason="known")
    _remember(outside, 3)


def _remember(network: Network, *used: int) -> None:
    """So many addresses were used yesterday, the day before …"""
    days = [timezone.now() - timedelta(days=1 + number) for number in range(len(used))]
    points = [NewPoint(family=IPV6, at=day, used=count, total=2**64) for day, count in zip(days, used, strict=True)]
    series_points.store(network, points)
