"""Addresses of a table whose rows call their networks by name."""

import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ipam.domain.core.operations import dry_run
from ipam.domain.files import importing
from ipam.domain.files.kinds import ADDRESSES
from ipam.domain.files.summaries import Summary
from ipam.domain.files.tables import Table
from ipam.domain.networks import address_batches, networks
from ipam.models import IPAddress, Network, Project
from tests.builders import child


@pytest.fixture
def mallorys(tenants: Network, private: Network, stranger: Project) -> Network:
    """Mallory's child network, called as Alice's is: 10.0.4.0/22."""
    networks.update(private, name="private")
    return networks.create(child(parent=tenants, project=stranger, name="private"))


def apply(*rows: str) -> Summary:
    content = "\n".join(["ip,network,project", *rows])
    return importing.apply(Table(ADDRESSES, io.BytesIO(content.encode()), "csv"), skip_refused=True)


def reasons(summary: Summary) -> list[str]:
    return [error.detail for one in summary.refused for error in one.reasons]


def test_network_of_the_project_of_the_row_is_meant(mallorys: Network, private: Network) -> None:
    apply("10.0.0.9,private,alice", "10.0.4.9,private,mallory")
    assert list(IPAddress.objects.order_by("address").values_list("network", flat=True)) == [private.pk, mallorys.pk]


def test_name_that_several_have_is_refused_with_what_people_call_each(mallorys: Network) -> None:
    Project.objects.create(name="carol")
    [told] = reasons(apply("10.0.4.9,private,carol"))
    listed = told.removeprefix("Several networks are called “private”: ").removesuffix(". Say which one you mean.")
    assert sorted(listed.split(", ")) == ["private · alice", "private · mallory"]


def test_network_is_meant_that_a_row_tells_apart(mallorys: Network) -> None:
    apply("10.0.4.9,private · mallory,mallory")
    assert IPAddress.objects.get().network == mallorys


def test_two_networks_of_the_project_are_not_told_apart_by_it(
    mallorys: Network, tenants: Network, project: Project
) -> None:
    networks.create(child(parent=tenants, project=project, name="private"))
    assert len(reasons(apply("10.0.0.9,private,alice"))) == 1


@pytest.mark.parametrize("owner", ["alice", "carol"])
def test_name_that_several_networks_have_is_looked_up_once(
    mallorys: Network, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Project.objects.get_or_create(name="carol")
    monkeypatch.setattr(address_batches, "MAX", 10)

    def statements(count: int) -> int:
        """Those that ask for networks by their names."""
        rows = [f"10.0.0.{9 + place},private,{owner}" for place in range(count)]
        with dry_run(), CaptureQueriesContext(connection) as captured:
            apply(*rows)
        return sum('"ipam_network"."name" IN' in one["sql"] for one in captured)

    assert statements(40) == statements(2)
