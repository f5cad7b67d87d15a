"""A large installation takes other ways through survey and findings; its people see what those of a small one see."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from ipam.domain.core import access
from ipam.domain.insight import survey, surveying
from ipam.domain.networks import addresses, machines, networks
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Alert, AlertRule, IPAddress, MachineNetwork, Mirror
from tests.access.conftest import ROLES, Cloud
from tests.builders import IPV4, child, cidrs, external
from tests.callers import as_user
from tests.shared import shared_fixture


@shared_fixture
def troubled(two: Cloud) -> Cloud:
    """Of every kind of finding one in Alice's project, one in Mallory's, and one in what everybody sees."""
    full = networks.create(external(id="full", vrf=7, prefixes=cidrs("192.0.2.0/29"), destination_prefixes=()))
    for project, home in ((two.project, two.private), (two.foreign_project, two.foreign)):
        addresses.allocate(full, project=project, count=3)
        addresses.allocate(two.internet, project=project, families=[IPV4], type="static")
        guarding = [Attachment(network=home, families=[IPV4]), Attachment(network=two.internet, families=[IPV4])]
        machines.allocate(project=project, partition=two.partition, role="firewall", networks=guarding)
    MachineNetwork.objects.filter(network="underlay").delete()
    parent = networks.Network.objects.get(pk="tenants")
    shared = networks.create(child(type="child-shared", parent=parent, project=two.foreign_project, length={IPV4: 30}))
    addresses.allocate(shared, project=two.project, count=2)
    IPAddress.objects.update(updated_at=datetime(2020, 1, 1, tzinfo=UTC))
    surveying.run()
    return two


def findings_of(user: User) -> list[tuple[Any, ...]]:
    with as_user(user):
        return sorted(
            (one.code, one.severity, one.kind, one.object_id, one.object_name, one.sentence, str(one.project_id))
            for one in survey.current_findings().findings
        )


@pytest.fixture
def mirrored(troubled: Cloud) -> None:
    """What a pass of a mirror told of a network that everybody sees; it is the platform's."""
    about = {"kind": "network", "object_id": "internet", "network_id": "internet", "object_name": "internet"}
    told = [{**about, "code": "mirror_leak", "severity": 2, "sentence": "Nobody's: 203.0.113.9."}]
    Mirror.objects.create(pk="metal-stack", url="https://metal.example.org", succeeded_at=timezone.now(), told=told)
    AlertRule.objects.create(name="leaks", watch="finding", code="mirror_leak", severity="warning")
    surveying.run()


@pytest.mark.parametrize("role", ROLES)
def test_what_a_mirror_tells_is_for_those_who_see_the_platform_at_any_size(
    role: str, mirrored: None, people: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    for networks_ in (200, 0):
        monkeypatch.setattr(survey, "SMALL_NETWORKS", networks_)
        told = [one for one in findings_of(people[role]) if one[0] == "mirror_leak"]
        assert bool(told) == (role in ("operator", "auditor"))
    with as_user(people[role]):
        alerts = access.visible(Alert.objects.filter(rule__name="leaks"))
        assert alerts.exists() == (role in ("operator", "auditor"))


@pytest.mark.parametrize("role", ROLES)
def test_everybody_is_told_the_same_by_a_small_and_a_large_installation(
    role: str, troubled: Cloud, people: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    small = findings_of(people[role])
    monkeypatch.setattr(survey, "SMALL_NETWORKS", 0)
    assert findings_of(people[role]) == small


def test_members_of_a_large_installation_see_every_kind_of_finding(
    troubled: Cloud, people: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "SMALL_ADDRESSES", 0)
    assert {found[0] for found in findings_of(people["viewer"])} == {
        "family_nearly_full",
        "firewall_without_underlay",
        "one_family_allocations",
        "one_family_machines",
        "pods_not_announcable",
        "unused_static",
    }
