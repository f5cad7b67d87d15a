"""A clock that stands still, and a network whose addresses run low."""

from collections.abc import Iterator

import pytest
import time_machine

from ipam.domain.networks import networks
from ipam.models import AlertRule, Network
from tests.builders import cidrs, external
from tests.domain.insight.alerting import NOON, Clock


@pytest.fixture
def clock() -> Iterator[Clock]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def narrow(clock: Clock, db: None) -> Network:
    """A network of 254 IPv4 addresses, and no rules."""
    AlertRule.objects.all().delete()
    prefixes = cidrs("198.51.100.0/24", "2001:db8:0:51::/64")
    return networks.create(external(id="narrow", vrf=7, prefixes=prefixes, destination_prefixes=[], labels={"a": "b"}))
