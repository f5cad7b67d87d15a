"""Prefixes that change in place beside clients that allocate and release: nothing is given twice, nothing is lost."""

from functools import partial
from typing import Any

import pytest

from ipam.domain.health import doctor
from ipam.domain.networks import networks
from ipam.models import IPAddress, Prefix, Project
from tests.builders import IPV4, cidrs, external, super_network
from tests.domain import clients
from tests.domain.crowd import in_processes


@pytest.mark.django_db(transaction=True)
def test_prefix_that_grows_while_eight_allocate_gives_all_that_it_has_then(project: Project) -> None:
    networks.create(external(id="wide", prefixes=cidrs("198.18.0.0/26"), destination_prefixes=()))
    tasks = [partial(clients.allocate_times, "wide", project.pk, 6)] * 8
    in_processes([*tasks, partial(clients.resize, "198.18.0.0/26", "198.18.0.0/25")])
    clients.drain("wide", project.pk)
    assert IPAddress.objects.count() == 126
    assert [one.sentence for one in doctor.examine()] == []


@pytest.mark.django_db(transaction=True)
def test_prefixes_that_are_split_and_merged_beside_releases_keep_the_space_exact(project: Project) -> None:
    networks.create(external(id="wide", prefixes=cidrs("198.18.0.0/26", "2001:db8:18::/64"), destination_prefixes=()))
    tasks: list[Any] = [partial(clients.mix, "wide", project.pk, steps=10, seed=seed) for seed in range(6)]
    in_processes([*tasks, *[partial(clients.split_and_merge, "wide", times=6)] * 2])
    assert [one.sentence for one in doctor.examine()] == []


@pytest.mark.django_db(transaction=True)
def test_super_that_is_split_and_merged_beside_carving_keeps_its_children(project: Project) -> None:
    made = super_network(id="farm", prefixes=cidrs("10.0.0.0/24"), default_child_prefix_length={IPV4: 28})
    networks.create(made)
    tasks: list[Any] = [partial(clients.carve, "farm", project.pk, keep=2, times=8)] * 4
    in_processes([*tasks, *[partial(clients.split_and_merge, "farm", times=6)] * 2])
    assert [one.sentence for one in doctor.examine()] == []
    assert all(one.cidr in one.parent.cidr for one in Prefix.objects.exclude(parent=None).select_related("parent"))  # type: ignore[union-attr]
