"""The API as outside tools see it: JSON in, JSON out, with a bearer token."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from ipam.domain.clusters import lifecycle
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.health import doctor
from ipam.domain.networks import addresses, claims, machines, networks, partitions, projects, quota_limits, ranges, vrfs
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.networks.ranges import Bounds
from ipam.domain.notify import targets, webhooks
from ipam.domain.people import tokens
from ipam.models import Alert, AlertRule, ApiToken, Event, Network, Partition, Project
from tests.builders import IPV4, IPV6, child, cidrs, external, ip
from tests.shared import shared_fixture


@shared_fixture
def token(operator: User) -> str:
    return tokens.issue(operator)


@pytest.fixture
def api(token: str) -> APIClient:
    """The client of a robot whose token has just been used, so that no request notes it."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    ApiToken.objects.update(last_used_at=timezone.now())
    return client


@shared_fixture
def reserved() -> Project:
    return projects.create(name="reserved")


@shared_fixture
def mini_lab(partition: Partition, reserved: Project) -> Network:
    """The internet network of the mini-lab, with its two reserved addresses."""
    network = networks.create(external(id="internet-mini-lab", partition=partition))
    for text in ("203.0.113.142", "2001:db8:0:113::142"):
        addresses.allocate(network, project=reserved, addresses=[ip(text)], type="static")
    return network


@shared_fixture
def narrow(partition: Partition) -> Network:
    """A dual-stack network with room for two IPv4 addresses, and plenty of IPv6."""
    return networks.create(
        external(id="narrow", vrf=7, prefixes=cidrs("198.51.100.0/30", "2001:db8:0:51::/64"), destination_prefixes=[])
    )


@shared_fixture
def small(project: Project) -> Network:
    """14 addresses: .1 to .14."""
    return networks.create(external(id="small", vrf=9, prefixes=cidrs("198.51.100.0/28"), destination_prefixes=[]))


@shared_fixture
def home(tenants: Network, project: Project) -> Network:
    """Alice's private network: 10.0.0.0/22 and 2001:db8:0:10::/96."""
    return networks.create(child(parent=tenants, project=project))


@shared_fixture
def world(mini_lab: Network, home: Network, project: Project) -> dict[str, str]:
    """Something for every write to work on, by the words that the table below uses for it."""
    ipv4_only = networks.create(child(parent=home.parent, project=project, address_family=[IPV4], name="old"))
    (single,) = addresses.allocate(ipv4_only, project=project)
    (loose,) = addresses.allocate(mini_lab, project=project, families=[IPV4])
    loose_pair = addresses.allocate(mini_lab, project=project)[0].allocation
    machine = machines.allocate(project=project, partition=mini_lab.partition, networks=[Attachment(network=home)])
    empty = networks.create(child(parent=home.parent, project=project))
    vrfs.create(id=500)
    carved = [networks.create(child(parent=home.parent, project=project)) for _ in range(2)]
    wanted = {"project": project, "wanted_nodes": 50, "gardener_version": "1.137"}
    quota = quota_limits.create(project=project, address_family=IPV4, resource="addresses", limit=900)
    parts = [addresses.allocate(home, project=project, families=[one], name="half")[0] for one in (IPV4, IPV6)]
    webhook, other = (webhooks.create(targets.resolve("https://1.1.1.1/"), project=project)[0] for _ in range(2))
    running = lifecycle.create(NewCluster(name="running", network=carved[0], **wanted), reserve=True)
    addresses.release_many(addresses.allocate(home, project=project, name="gone"))
    crew = projects.create()
    rule = AlertRule.objects.create(name="r", watch="pool", fire=1, clear=2, severity="info")
    about = {"subject": "vrf", "kind": "pool", "object_id": "vrf", "since": timezone.now()}
    return {
        "allocated": event_of(verb="allocate", object_id=single.allocation),
        "released": event_of(verb="release", object_name="gone"),
        "carved": event_of(verb="carve", object_id=empty.pk),
        "rule": str(rule.pk),
        "alert": str(Alert.objects.create(rule=rule, severity="info", **about).pk),
        "finding": f"project_without_networks:project:{crew.pk}:",
        "running": str(running.pk),
        "draft": str(lifecycle.create(NewCluster(name="draft", network=carved[1], **wanted)).pk),
        "claim": str(claims.claim(mini_lab, project=project, name="vip").pk),
        "webhook": str(webhook.pk),
        "delivery": str(webhooks.test(other).pk),
        "quota": str(quota.pk),
        "range": str(ranges.create(mini_lab, Bounds(prefix=cidrs("203.0.113.208/28")[0]), use="by-name").pk),
        "alice": str(project.pk),
        "home": home.pk,
        "prefix": str(home.prefixes.in_order()[0].pk),
        "old": ipv4_only.pk,
        "empty": empty.pk,
        "ipv4_half": str(parts[0].pk),
        "ipv6_half": str(parts[1].pk),
        "pair": str(machine.addresses.all()[0].allocation),
        "single": str(single.pk),
        "loose": str(loose.pk),
        "loose_pair": str(loose_pair),
        "allocation": str(single.allocation),
        "machine": machine.pk,
        "crew": str(crew.pk),
        "partition": partitions.create(id="fra-1").pk,
    }


def event_of(**columns: object) -> str:
    """The id of an event of the history."""
    return str(Event.objects.get(**columns).pk)


def codes(response: Any) -> list[tuple[str, str]]:
    """What a problem says, as (field, code) pairs."""
    return [(error["field"], error["code"]) for error in response.json()["errors"]]


def results(response: Any, field: str = "id") -> list[Any]:
    """One field of each row of a list."""
    assert response.status_code == 200, response.json()
    return [row[field] for row in response.json()["results"]]


def lay(api: APIClient, network: Network, **body: Any) -> Any:
    return api.post(f"/api/v1/networks/{network.pk}/ranges/", body)


def take(api: APIClient, network: Network, project: Project, **body: Any) -> Any:
    return api.post("/api/v1/ips/", {"network": network.pk, "project": str(project.pk), **body})


def use(api: APIClient, network: Network) -> dict[str, str]:
    found: dict[str, str] = api.get(f"/api/v1/networks/{network.pk}/").json()["consumption"]["ipv4"]
    names = ("total_ips", "used_ips", "reserved_ips", "cooling_ips", "available_ips")
    assert int(found["total_ips"]) == sum(int(found[name]) for name in names[1:])
    assert [finding.sentence for finding in doctor.examine()] == []
    return {name.removesuffix("_ips"): found[name] for name in names[1:]}
