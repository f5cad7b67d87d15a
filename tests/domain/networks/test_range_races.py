"""Ranges beside clients that allocate and release: nothing of one is given, nothing is lost."""

from functools import partial
from typing import Any

import pytest

from ipam.domain.health import doctor
from ipam.domain.networks import networks
from ipam.models import IPAddress, Network, Project, SetAsideBlock
from ipam.values import parse_address
from tests.builders import IPV4, cidrs, external
from tests.domain import clients
from tests.domain.crowd import in_processes

FIRST, LAST = "198.18.0.40", "198.18.0.99"


def wide(*more: str) -> Network:
    return networks.create(external(id="wide", prefixes=cidrs("198.18.0.0/25", *more), destination_prefixes=()))


def in_it() -> Any:
    return IPAddress.objects.filter(address__gte=parse_address(FIRST), address__lte=parse_address(LAST))


@pytest.mark.django_db(transaction=True)
def test_range_that_is_laid_while_eight_allocate_keeps_all_that_they_do_not_hold(project: Project) -> None:
    network = wide()
    tasks = [partial(clients.drain, network.pk, project.pk)] * 8
    in_processes([*tasks, partial(clients.lay, network.pk, FIRST, LAST)])
    kept = sum(block.cidr.size for block in SetAsideBlock.objects.all())
    assert kept + in_it().count() == 60
    assert IPAddress.objects.count() == 126 - kept
    assert [one.sentence for one in doctor.examine()] == []


@pytest.mark.django_db(transaction=True)
def test_ranges_that_come_and_go_beside_releases_keep_the_space_exact(project: Project) -> None:
    network = wide("2001:db8:18::/64")
    networks.update(network, quarantine={IPV4: 1})
    tasks: list[Any] = [partial(clients.mix, network.pk, project.pk, steps=12, seed=seed) for seed in range(6)]
    in_processes([*tasks, *[partial(clients.lay_and_take_away, network.pk, FIRST, LAST, times=6)] * 2])
    assert [one.sentence for one in doctor.examine()] == []
