"""Deliverers that are killed: nothing lost, nothing out of order in a lane, doubled under the same id at most."""

import random
import time
from collections import defaultdict
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import override_settings

from ipam.api.messages import describe
from ipam.domain.networks import partitions
from ipam.domain.notify import deliverer, targets, webhooks
from ipam.models import Delivery, Event, Partition, Webhook
from tests.callers import as_user
from tests.domain.crowd import killed_in_the_middle
from tests.faults.deliverers import LEASE_SECONDS, SETTINGS, deliver_forever
from tests.receivers import Receiver, receiving

pytestmark = pytest.mark.django_db(transaction=True)
KILLS, SITES = 200, 12


def webhook_to(receiver: Receiver) -> Webhook:
    with as_user(User.objects.create_superuser("operator")):
        made, _ = webhooks.create(targets.resolve(receiver.url), types=["partition.create", "partition.update"])
    return made


def test_killed_two_hundred_times_it_loses_nothing_and_keeps_each_lane_in_order() -> None:
    chance = random.Random(7)
    failing = iter([chance.random() < 0.1 for _ in range(100_000)])
    with override_settings(**SETTINGS), receiving(lambda request: 500 if next(failing) else 204) as receiver:
        webhook_to(receiver)
        sites = [partitions.create(id=f"site-{n}") for n in range(SITES)]
        for kill in range(KILLS):
            for site in chance.sample(sites, 3):
                partitions.update(site, name=str(kill))
            killed_in_the_middle(deliver_forever, after=chance.randint(1, 40))
        wait_for_the_rest()
        assert_all_arrived_in_order(receiver.requests)


def wait_for_the_rest() -> None:
    """A lease that somebody held when they were killed ends by itself."""
    deadline = time.monotonic() + 120
    while Delivery.objects.pending().exists() or deliverer.deliveries.distribute():
        assert time.monotonic() < deadline
        deliverer.run_once(describe)
        time.sleep(LEASE_SECONDS / 4)


def assert_all_arrived_in_order(requests: list[Any]) -> None:
    told = list(Event.objects.filter(kind="partition").order_by("pk").values_list("pk", "object_id"))
    messages: dict[int, set[tuple[str, bytes]]] = defaultdict(set)
    lanes: dict[str, list[int]] = defaultdict(list)
    for one in requests:
        event = one.json["data"]["event"]
        messages[event["id"]].add((one.id, one.body))
        lanes[event["object"]].append(event["id"])
    assert sorted(messages) == [key for key, _ in told]
    assert {key: len(of_one) for key, of_one in messages.items() if len(of_one) > 1} == {}
    assert {site: keys for site, keys in lanes.items() if keys != sorted(keys)} == {}
    assert Partition.objects.count() == len(lanes)
    assert len({of_one.copy().pop()[0] for of_one in messages.values()}) == len(messages)
