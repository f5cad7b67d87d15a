"""A request of every route of the API: where what it takes belongs, and what permission it needs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from ipam.domain.core.permissions import Permission
from ipam.models import Event, Finding, IPAddress, Machine, Project
from tests.access.conftest import FURTHER_SERVICES, Cloud, allocation_of
from tests.access.places import EVERYBODYS, FOREIGN, NEW, OWN, PLATFORMS
from tests.shoots import SHOOT

READ, ALLOCATE, MANAGE, OPERATE = Permission.READ, Permission.ALLOCATE, Permission.MANAGE, Permission.OPERATE


@dataclass(frozen=True)
class Case:
    """A request, what it takes, and where that belongs; `url` and `body` are made of a cloud."""

    route: str
    method: str
    permission: Permission
    place: str
    url: Callable[[Cloud], str]
    body: Callable[[Cloud], dict[str, Any]] = lambda cloud: {}


def read(route: str, place: str, url: Callable[[Cloud], str]) -> Case:
    return Case(route, "get", READ, place, url)


def held(machine: Machine) -> list[IPAddress]:
    """Its pair in the internet."""
    return list(machine.addresses.filter(network="internet").order_by("family"))


def own_finding(project: Project) -> str:
    """The key of a finding that is about this project alone."""
    return Finding.objects.filter(project_id=project.pk).exclude(code__in=Finding.SHARES)[0].key


def soon() -> str:
    return (timezone.now() + timedelta(days=1)).isoformat()


def mark(verb: str) -> dict[str, str]:
    until = {"until": soon()} if verb == "snooze" else {}
    return until if verb == "reopen" else {"reason": "known", **until}


def halves(machine: Machine) -> dict[str, Any]:
    """That pair, parted."""
    IPAddress.objects.filter(pk=held(machine)[1].pk).update(allocation=uuid4())
    return {"ips": [str(one.pk) for one in held(machine)]}


def allocated(address: IPAddress) -> int:
    """The event that took it."""
    return Event.objects.get(verb="allocate", kind="address", object_id=address.allocation).pk


BELONGINGS: dict[str, dict[str, Any]] = {
    "load-balancer-addresses": {"network": "internet"},
    "api-addresses": {"network": "internet"},
    "service-cidrs": {"services": {"ipv4": "10.251.0.0/24"}},
}


def of_clusters(place: str, running: Any, draft: Any, project: Any) -> list[Case]:
    """What can be done with a reserved cluster and a draft; of what is foreign nobody comes so far as to tell them."""
    drafted: list[Case] = [
        Case("cluster-reserve", "post", ALLOCATE, place, lambda c: f"clusters/{draft(c).pk}/reserve/"),
        Case("cluster-detail", "delete", ALLOCATE, place, lambda c: f"clusters/{draft(c).pk}/"),
    ]
    return [
        read("cluster-detail", place, lambda c: f"clusters/{running(c).pk}/"),
        read("cluster-manifests", place, lambda c: f"clusters/{running(c).pk}/manifests/"),
        read("cluster-families", place, lambda c: f"clusters/{running(c).pk}/families/"),
        Case("cluster-detail", "patch", ALLOCATE, place, lambda c: f"clusters/{running(c).pk}/"),
        Case("cluster-release", "post", ALLOCATE, place, lambda c: f"clusters/{running(c).pk}/release/"),
        Case(
            "cluster-families", "post", ALLOCATE, place, lambda c: f"clusters/{running(c).pk}/families/",
            lambda c: {"families": ["ipv4"], "roll_nodes": True},
        ),
        Case(
            "cluster-list", "post", ALLOCATE, place, lambda c: "clusters/",
            lambda c: {"name": "new", "project": str(project(c).pk), "parent": "tenants", "wanted_nodes": 3},
        ),
        read("cluster-migration", place, lambda c: f"clusters/{running(c).pk}/migration/"),
        *(
            Case(
                f"cluster-{name}", "post", ALLOCATE, place,
                lambda c, name=name: f"clusters/{running(c).pk}/{name}/", lambda c, body=body: body,
            )
            for name, body in BELONGINGS.items()
        ),
        Case(
            "cluster-give-back", "delete", ALLOCATE, place,
            lambda c: f"clusters/{running(c).pk}/load-balancer-addresses/{allocation_of(running(c))}/",
        ),
        Case(
            "cluster-service-cidrs", "delete", ALLOCATE, place,
            lambda c: f"clusters/{running(c).pk}/service-cidrs/?prefix={FURTHER_SERVICES}",
        ),
        Case(
            "cluster-compare", "post", ALLOCATE, place, lambda c: f"clusters/{running(c).pk}/document/",
            lambda c: {"document": SHOOT},
        ),
        Case(
            "cluster-register", "post", ALLOCATE, place, lambda c: "clusters/import/",
            lambda c: {
                "name": "old", "project": str(project(c).pk), "document": SHOOT,
                "network": (c.private if place == OWN else c.foreign).pk,
            },
        ),
        *(drafted if place == OWN else []),
    ]  # fmt: skip


def of_webhooks(place: str, webhook: Any, delivery: Any, project: Any) -> list[Case]:
    """What can be done with a webhook, of a project or of the platform."""
    permission = MANAGE if project else OPERATE
    url: dict[str, Any] = {"url": "https://1.1.1.1/"}
    return [
        read("webhook-detail", place, lambda c: f"webhooks/{webhook(c).pk}/"),
        read("webhook-deliveries", place, lambda c: f"webhooks/{webhook(c).pk}/deliveries/"),
        Case("webhook-detail", "patch", permission, place, lambda c: f"webhooks/{webhook(c).pk}/", lambda c: url),
        Case("webhook-detail", "delete", permission, place, lambda c: f"webhooks/{webhook(c).pk}/"),
        Case("webhook-test", "post", permission, place, lambda c: f"webhooks/{webhook(c).pk}/test/"),
        Case("webhook-rotate", "post", permission, place, lambda c: f"webhooks/{webhook(c).pk}/rotate/"),
        Case("delivery-resend", "post", permission, place, lambda c: f"deliveries/{delivery(c).pk}/resend/"),
        Case(
            "webhook-list", "post", permission, place if project else NEW, lambda c: "webhooks/",
            lambda c: url | ({"project": str(project(c).pk)} if project else {}),
        ),
    ]  # fmt: skip


def of_ranges(place: str, found: Any) -> list[Case]:
    """What can be done with a range of a child network, and beside it."""
    url = lambda c: f"networks/{found(c).network_id}/ranges/{found(c).pk}/"  # noqa: E731
    return [
        read("range-list", place, lambda c: f"networks/{found(c).network_id}/ranges/"),
        read("range-detail", place, url),
        Case(
            "range-list", "post", ALLOCATE, place, lambda c: f"networks/{found(c).network_id}/ranges/",
            lambda c: {"in": str(found(c).prefix), "first_n": 1},
        ),
        Case("range-detail", "patch", ALLOCATE, place, url, lambda c: {"name": "new"}),
        Case("range-detail", "delete", ALLOCATE, place, url),
    ]  # fmt: skip


CASES = [
    read("partition-detail", EVERYBODYS, lambda c: f"partitions/{c.partition.pk}/"),
    Case("partition-list", "post", OPERATE, NEW, lambda c: "partitions/", lambda c: {"id": "fra"}),
    Case("partition-detail", "patch", OPERATE, EVERYBODYS, lambda c: f"partitions/{c.partition.pk}/"),
    Case("partition-detail", "delete", OPERATE, EVERYBODYS, lambda c: f"partitions/{c.spare_partition.pk}/"),
    read("project-detail", OWN, lambda c: f"projects/{c.project.pk}/"),
    read("project-detail", FOREIGN, lambda c: f"projects/{c.foreign_project.pk}/"),
    Case("project-list", "post", OPERATE, NEW, lambda c: "projects/", lambda c: {"name": "new"}),
    Case("project-detail", "patch", MANAGE, OWN, lambda c: f"projects/{c.project.pk}/"),
    Case("project-detail", "patch", MANAGE, FOREIGN, lambda c: f"projects/{c.foreign_project.pk}/"),
    read("project-members", OWN, lambda c: f"projects/{c.project.pk}/members/"),
    read("project-members", FOREIGN, lambda c: f"projects/{c.foreign_project.pk}/members/"),
    Case(
        "project-members", "post", MANAGE, OWN, lambda c: f"projects/{c.project.pk}/members/",
        lambda c: {"user": "nobody", "role": "viewer"},
    ),
    Case(
        "project-members", "post", MANAGE, FOREIGN, lambda c: f"projects/{c.foreign_project.pk}/members/",
        lambda c: {"user": "nobody", "role": "viewer"},
    ),
    Case("project-members", "delete", MANAGE, OWN, lambda c: f"projects/{c.project.pk}/members/?user=viewer"),
    read("vrf-detail", EVERYBODYS, lambda c: f"vrfs/{c.internet.vrf_id}/"),
    read("vrf-detail", FOREIGN, lambda c: f"vrfs/{c.foreign.vrf_id}/"),
    read("vrf-detail", PLATFORMS, lambda c: f"vrfs/{c.spare_vrf.pk}/"),
    Case("vrf-list", "post", OPERATE, NEW, lambda c: "vrfs/", lambda c: {"id": 78}),
    Case("vrf-detail", "patch", OPERATE, EVERYBODYS, lambda c: f"vrfs/{c.internet.vrf_id}/"),
    Case("vrf-detail", "delete", OPERATE, PLATFORMS, lambda c: f"vrfs/{c.spare_vrf.pk}/"),
    read("network-detail", OWN, lambda c: f"networks/{c.private.pk}/"),
    read("network-detail", FOREIGN, lambda c: f"networks/{c.foreign.pk}/"),
    read("network-detail", EVERYBODYS, lambda c: f"networks/{c.internet.pk}/"),
    read("network-detail", EVERYBODYS, lambda c: "networks/tenants/"),
    read("network-detail", PLATFORMS, lambda c: "networks/underlay/"),
    Case(
        "network-list", "post", OPERATE, NEW, lambda c: "networks/",
        lambda c: {"id": "dmz", "type": "external", "vrf": 9, "prefixes": ["198.51.100.0/24"]},
    ),
    Case(
        "network-list", "post", ALLOCATE, OWN, lambda c: "networks/",
        lambda c: {"type": "child", "parent": "tenants", "project": str(c.project.pk)},
    ),
    Case(
        "network-list", "post", ALLOCATE, FOREIGN, lambda c: "networks/",
        lambda c: {"type": "child", "partition": "mini-lab", "project": str(c.foreign_project.pk)},
    ),
    Case("network-detail", "patch", ALLOCATE, OWN, lambda c: f"networks/{c.private.pk}/"),
    Case("network-detail", "patch", ALLOCATE, FOREIGN, lambda c: f"networks/{c.foreign.pk}/"),
    Case("network-detail", "patch", OPERATE, EVERYBODYS, lambda c: f"networks/{c.internet.pk}/"),
    Case("network-detail", "delete", ALLOCATE, OWN, lambda c: f"networks/{c.empty.pk}/"),
    Case(
        "network-complete", "post", ALLOCATE, OWN, lambda c: f"networks/{c.private.pk}/complete/",
        lambda c: {"address_family": "ipv6"},
    ),
    Case(
        "network-complete", "post", OPERATE, EVERYBODYS, lambda c: f"networks/{c.internet.pk}/complete/",
        lambda c: {"address_family": "ipv6"},
    ),
    Case(
        "network-families", "post", ALLOCATE, OWN, lambda c: f"networks/{c.empty.pk}/families/",
        lambda c: {"address_family": "ipv6"},
    ),
    Case(
        "network-families", "post", ALLOCATE, FOREIGN, lambda c: f"networks/{c.foreign.pk}/families/",
        lambda c: {"address_family": "ipv6"},
    ),
    read("network-history", OWN, lambda c: f"networks/{c.private.pk}/history/"),
    read("network-history", FOREIGN, lambda c: f"networks/{c.foreign.pk}/history/"),
    Case(
        "network-history", "post", OPERATE, EVERYBODYS, lambda c: f"networks/{c.internet.pk}/history/",
        lambda c: {"points": [{"address_family": "ipv4", "at": "2026-01-01T00:00:00Z", "used": "1", "total": "2"}]},
    ),
    read("network-forecast", OWN, lambda c: f"networks/{c.private.pk}/forecast/"),
    read("network-forecast", FOREIGN, lambda c: f"networks/{c.foreign.pk}/forecast/"),
    read("project-history", OWN, lambda c: f"projects/{c.project.pk}/history/"),
    read("project-history", FOREIGN, lambda c: f"projects/{c.foreign_project.pk}/history/"),
    read("network-free", OWN, lambda c: f"networks/{c.private.pk}/free/"),
    read("network-free", FOREIGN, lambda c: f"networks/{c.foreign.pk}/free/"),
    Case(
        "network-prefixes", "post", OPERATE, EVERYBODYS, lambda c: f"networks/{c.internet.pk}/prefixes/",
        lambda c: {"prefix": "198.51.100.0/24"},
    ),
    Case(
        "network-prefixes", "delete", OPERATE, PLATFORMS, lambda c: "networks/underlay/prefixes/?prefix=10.2.0.0/24",
    ),
    read("prefix-detail", OWN, lambda c: f"prefixes/{c.prefix.pk}/"),
    read("prefix-detail", FOREIGN, lambda c: f"prefixes/{c.foreign_prefix.pk}/"),
    Case(
        "prefix-detail", "patch", ALLOCATE, OWN, lambda c: f"prefixes/{c.prefix.pk}/", lambda c: {"gateway": None},
    ),
    Case(
        "prefix-detail", "patch", ALLOCATE, FOREIGN, lambda c: f"prefixes/{c.foreign_prefix.pk}/",
        lambda c: {"gateway": None},
    ),
    *(
        Case(
            f"prefix-{verb}", "post", ALLOCATE, place,
            lambda c, verb=verb, found=found: f"prefixes/{found(c).pk}/{verb}/",
            lambda c, body=body, found=found: body(found(c)),
        )
        for verb, body in (
            ("resize", lambda one: {"prefix": str(one.cidr)}),  # a part of it would leave a range outside
            ("split", lambda one: {"length": one.length + 1}),
            ("merge", lambda one: {}),
        )
        for place, found in ((OWN, lambda c: c.prefix), (FOREIGN, lambda c: c.foreign_prefix))
    ),
    read("prefix-free", OWN, lambda c: f"prefixes/{c.prefix.pk}/free/"),
    read("prefix-free", FOREIGN, lambda c: f"prefixes/{c.foreign_prefix.pk}/free/"),
    read("prefix-map", OWN, lambda c: f"prefixes/{c.prefix.pk}/map/"),
    read("prefix-map", FOREIGN, lambda c: f"prefixes/{c.foreign_prefix.pk}/map/"),
    Case(
        "ip-list", "post", ALLOCATE, OWN, lambda c: "ips/",
        lambda c: {"network": "internet", "project": str(c.project.pk)},
    ),
    Case(
        "ip-list", "post", ALLOCATE, FOREIGN, lambda c: "ips/",
        lambda c: {"network": "internet", "project": str(c.foreign_project.pk)},
    ),
    Case(
        "ip-list", "post", OPERATE, PLATFORMS, lambda c: "ips/",
        lambda c: {"network": "underlay", "project": str(c.project.pk)},
    ),
    read("ip-detail", OWN, lambda c: f"ips/{c.address.pk}/"),
    read("ip-detail", FOREIGN, lambda c: f"ips/{c.foreign_address.pk}/"),
    Case("ip-detail", "patch", ALLOCATE, OWN, lambda c: f"ips/{c.address.pk}/"),
    Case("ip-detail", "patch", ALLOCATE, FOREIGN, lambda c: f"ips/{c.foreign_address.pk}/"),
    Case("ip-detail", "delete", ALLOCATE, OWN, lambda c: f"ips/{c.address.pk}/"),
    Case("ip-detail", "delete", ALLOCATE, FOREIGN, lambda c: f"ips/{c.foreign_address.pk}/"),
    *(
        Case(f"{kind}-move", "post", ALLOCATE, place, lambda c, url=url: url(c), lambda c, whose=whose: whose(c))
        for kind, place, url, whose in (
            ("ip", OWN, lambda c: f"ips/{c.address.pk}/move/", lambda c: {"project": str(c.project.pk)}),
            ("ip", FOREIGN, lambda c: f"ips/{c.foreign_address.pk}/move/",
             lambda c: {"project": str(c.foreign_project.pk)}),
            ("allocation", OWN, lambda c: f"allocations/{c.address.allocation}/move/",
             lambda c: {"project": str(c.project.pk)}),
            ("allocation", FOREIGN, lambda c: f"allocations/{c.foreign_address.allocation}/move/",
             lambda c: {"project": str(c.foreign_project.pk)}),
        )
    ),
    *(
        Case("network-move", "post", ALLOCATE, place, lambda c, net=net: f"networks/{net(c).pk}/move/",
             lambda c, whose=whose: {"project": str(whose(c).pk)})
        for place, net, whose in (
            (OWN, lambda c: c.private, lambda c: c.project),
            (FOREIGN, lambda c: c.foreign, lambda c: c.foreign_project),
        )
    ),
    Case(
        "allocation-part", "post", ALLOCATE, OWN, lambda c: f"allocations/{held(c.machine)[0].allocation}/part/",
    ),
    Case(
        "allocation-part", "post", ALLOCATE, FOREIGN,
        lambda c: f"allocations/{held(c.foreign_machine)[0].allocation}/part/",
    ),
    Case("allocation-join", "post", ALLOCATE, OWN, lambda c: "allocations/join/", lambda c: halves(c.machine)),
    Case(
        "allocation-join", "post", ALLOCATE, FOREIGN, lambda c: "allocations/join/",
        lambda c: halves(c.foreign_machine),
    ),
    Case("allocation-detail", "delete", ALLOCATE, OWN, lambda c: f"allocations/{c.address.allocation}/"),
    Case("allocation-detail", "delete", ALLOCATE, FOREIGN, lambda c: f"allocations/{c.foreign_address.allocation}/"),
    Case(
        "machine-list", "post", ALLOCATE, OWN, lambda c: "machines/",
        lambda c: {
            "name": "new", "project": str(c.project.pk), "partition": "mini-lab",
            "networks": [{"network": c.private.pk}],
        },
    ),
    Case(
        "machine-list", "post", ALLOCATE, FOREIGN, lambda c: "machines/",
        lambda c: {
            "name": "new", "project": str(c.foreign_project.pk), "partition": "mini-lab",
            "networks": [{"network": c.foreign.pk}],
        },
    ),
    read("machine-detail", OWN, lambda c: f"machines/{c.machine.pk}/"),
    read("machine-detail", FOREIGN, lambda c: f"machines/{c.foreign_machine.pk}/"),
    Case("machine-detail", "patch", ALLOCATE, OWN, lambda c: f"machines/{c.machine.pk}/"),
    Case("machine-detail", "patch", ALLOCATE, FOREIGN, lambda c: f"machines/{c.foreign_machine.pk}/"),
    Case("machine-detail", "delete", ALLOCATE, OWN, lambda c: f"machines/{c.machine.pk}/"),
    Case("machine-detail", "delete", ALLOCATE, FOREIGN, lambda c: f"machines/{c.foreign_machine.pk}/"),
    *of_clusters(OWN, lambda c: c.cluster, lambda c: c.draft, lambda c: c.project),
    *of_clusters(FOREIGN, lambda c: c.foreign_cluster, lambda c: c.foreign_cluster, lambda c: c.foreign_project),
    *of_ranges(OWN, lambda c: c.range),
    *of_ranges(FOREIGN, lambda c: c.foreign_range),
    read("quota-detail", OWN, lambda c: f"quotas/{c.quota.pk}/"),
    read("quota-detail", FOREIGN, lambda c: f"quotas/{c.foreign_quota.pk}/"),
    Case(
        "quota-list", "post", OPERATE, OWN, lambda c: "quotas/",
        lambda c: {"project": str(c.project.pk), "address_family": "ipv6", "resource": "addresses", "limit": "900"},
    ),
    Case("quota-detail", "patch", OPERATE, OWN, lambda c: f"quotas/{c.quota.pk}/", lambda c: {"limit": "901"}),
    Case(
        "quota-detail", "patch", OPERATE, FOREIGN, lambda c: f"quotas/{c.foreign_quota.pk}/",
        lambda c: {"limit": "901"},
    ),
    Case("quota-detail", "delete", OPERATE, OWN, lambda c: f"quotas/{c.quota.pk}/"),
    Case("quota-detail", "delete", OPERATE, FOREIGN, lambda c: f"quotas/{c.foreign_quota.pk}/"),
    read("claim-detail", OWN, lambda c: f"claims/{c.claim.pk}/"),
    read("claim-detail", FOREIGN, lambda c: f"claims/{c.foreign_claim.pk}/"),
    Case("claim-detail", "delete", ALLOCATE, OWN, lambda c: f"claims/{c.claim.pk}/"),
    Case("claim-detail", "delete", ALLOCATE, FOREIGN, lambda c: f"claims/{c.foreign_claim.pk}/"),
    Case(
        "claim-list", "post", ALLOCATE, OWN, lambda c: "claims/",
        lambda c: {"pool": "internet", "owner": str(c.project.pk), "name": "new"},
    ),
    Case(
        "claim-list", "post", ALLOCATE, FOREIGN, lambda c: "claims/",
        lambda c: {"pool": "internet", "owner": str(c.foreign_project.pk), "name": "new"},
    ),
    *of_webhooks(OWN, lambda c: c.webhook, lambda c: c.delivery, lambda c: c.project),
    *of_webhooks(FOREIGN, lambda c: c.foreign_webhook, lambda c: c.foreign_delivery, lambda c: c.foreign_project),
    *of_webhooks(PLATFORMS, lambda c: c.platform_webhook, lambda c: c.platform_webhook.deliveries.get(), None),
    read("event-detail", OWN, lambda c: f"events/{c.event.pk}/"),
    read("event-detail", FOREIGN, lambda c: f"events/{c.foreign_event.pk}/"),
    Case("event-undo", "post", ALLOCATE, OWN, lambda c: f"events/{allocated(c.address)}/undo/"),
    Case("event-undo", "post", ALLOCATE, FOREIGN, lambda c: f"events/{allocated(c.foreign_address)}/undo/"),
    *(
        case
        for place, alert in ((OWN, lambda c: c.alert.pk), (FOREIGN, lambda c: c.foreign_alert.pk))
        for case in (
            read("alert-detail", place, lambda c, alert=alert: f"alerts/{alert(c)}/"),
            Case(
                "alert-acknowledge", "post", MANAGE, place, lambda c, alert=alert: f"alerts/{alert(c)}/acknowledge/",
                lambda c: {"reason": "known"},
            ),
            Case(
                "alert-snooze", "post", MANAGE, place, lambda c, alert=alert: f"alerts/{alert(c)}/snooze/",
                lambda c: {"reason": "known", "until": soon()},
            ),
        )
    ),
    *(
        Case(
            f"finding-{verb}", "post", MANAGE, place, lambda c, verb=verb: f"findings/{verb}/",
            lambda c, verb=verb, project=project: {"key": own_finding(project(c)), **mark(verb)},
        )
        for verb in ("snooze", "accept", "reopen")
        for place, project in ((OWN, lambda c: c.project), (FOREIGN, lambda c: c.foreign_project))
    ),
    read("alert-rule-detail", PLATFORMS, lambda c: f"alert-rules/{c.rule.pk}/"),
    Case(
        "alert-rule-list", "post", OPERATE, NEW, lambda c: "alert-rules/",
        lambda c: {"name": "new", "watch": "pool", "fire": "1", "clear": "2", "severity": "info"},
    ),
    Case("alert-rule-detail", "patch", OPERATE, PLATFORMS, lambda c: f"alert-rules/{c.rule.pk}/"),
    Case("alert-rule-detail", "delete", OPERATE, PLATFORMS, lambda c: f"alert-rules/{c.rule.pk}/"),
    Case(
        "alert-rule-snooze", "post", OPERATE, PLATFORMS, lambda c: f"alert-rules/{c.rule.pk}/snooze/",
        lambda c: {"reason": "known", "until": soon()},
    ),
    Case(
        "alert-rule-test", "post", OPERATE, NEW, lambda c: "alert-rules/test/",
        lambda c: {"destination": {"mail": "noc@example.org"}},
    ),
]  # fmt: skip


# A project in use is not deleted by anybody; who may is told that, who may not is told so first. Nor does a cluster
# finish a step of a migration that it is not in.
REFUSED = [
    Case("project-detail", "delete", OPERATE, OWN, lambda c: f"projects/{c.project.pk}/"),
    *(
        Case("cluster-migration", "post", ALLOCATE, place, url, lambda c: {"done": "spec"})
        for place, url in (
            (OWN, lambda c: f"clusters/{c.cluster.pk}/migration/"),
            (FOREIGN, lambda c: f"clusters/{c.foreign_cluster.pk}/migration/"),
        )
    ),
]


# Whoever may learns that there is no such prefix.
ABOUT_NOTHING = {"network-prefixes delete platforms"}
