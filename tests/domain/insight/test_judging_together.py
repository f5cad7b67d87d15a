"""Several processes judge at the same moment: each alert is there, and is told, once."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from ipam.domain.insight import judging, surveying
from ipam.domain.networks import addresses, networks
from ipam.models import Alert, AlertRule, Event, Letter, Network, Project
from tests.builders import IPV4, cidrs, external
from tests.domain.crowd import in_processes, in_threads

pytestmark = pytest.mark.django_db(transaction=True)
Crowd = Callable[[Sequence[Callable[[], Any]]], list[Any]]


@pytest.fixture(params=[in_processes, in_threads], ids=["processes", "threads"])
def crowd(request: pytest.FixtureRequest) -> Crowd:
    return request.param


@pytest.fixture
def full(project: Project) -> list[str]:
    """Ten networks that are full, and a rule that nobody has judged by yet."""
    AlertRule.objects.all().delete()
    AlertRule.objects.create(
        name="full", watch="utilization", fire=80, clear=75, severity="warning", mails=["noc@example.org"]
    )
    for number in range(10):
        prefixes = cidrs(f"192.0.2.{number * 8}/29")
        made = networks.create(external(id=f"n-{number}", vrf=100 + number, prefixes=prefixes, destination_prefixes=[]))
        addresses.allocate(made, project=project, families=[IPV4], count=6)
    return [f"n-{number}" for number in range(10)]


def test_all_who_judge_at_once_open_each_alert_once(full: list[str], crowd: Crowd) -> None:
    crowd([partial(judging.judge_networks, full)] * 4)
    assert sorted(Alert.objects.values_list("object_id", flat=True)) == full
    assert Event.objects.filter(kind="alert", verb="fire").count() == 10
    told = "".join(Letter.objects.values_list("body", flat=True))
    assert [told.count(f"WARNING: {key}, IPv4") for key in full] == [1] * 10


def test_all_who_judge_at_once_clear_each_alert_once(full: list[str], crowd: Crowd) -> None:
    judging.judge_networks(full)
    for network in Network.objects.all():
        addresses.release_many(network.addresses.all())
    crowd([partial(judging.judge_networks, full)] * 3 + [surveying.run])
    assert set(Alert.objects.values_list("state", flat=True)) == {"cleared"}
    assert Event.objects.filter(kind="alert", verb="clear").count() == 10
