"""From an id to its object."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ipam import errors
from ipam.domain.core import lookups
from ipam.domain.networks import networks
from ipam.models import Network, Partition, Project


def test_object_that_nobody_has_changed_is_found(internet: Network) -> None:
    assert lookups.get_for_update(Network, "internet", [1]) == internet


def test_object_that_somebody_has_changed_is_stale(internet: Network) -> None:
    networks.update(internet, name="changed")
    with pytest.raises(errors.Stale, match="Somebody else has changed “changed”"):
        lookups.get_for_update(Network, "internet", [1])


def test_networks_are_meant_by_many_cidrs_as_by_one(internet: Network, tenants: Network, private: Network) -> None:
    meant = {
        "203.0.113.128/25": internet.pk,
        "10.0.0.0/16": tenants.pk,
        "10.0.0.0/24": private.pk,
        "2001:db8:0:10:0:1::/96": tenants.pk,
    }
    lookups.keys_of(Network, [])
    with CaptureQueriesContext(connection) as captured:
        assert lookups.keys_of(Network, [*meant]) == [*meant.values()]
    assert len(captured) == 2


@pytest.mark.parametrize("text", ["10.9.0.0/16", "10.0.0.1/16", "10.0.0.0/33", "a/b"])
def test_cidr_of_no_network_means_none(text: str, tenants: Network) -> None:
    with pytest.raises(ValueError, match="There is no network"):
        lookups.keys_of(Network, ["10.0.0.0/16", text])


def test_unknown_names_are_told_together(internet: Network) -> None:
    wanted = {"network": (Network, "internet"), "partition": (Partition, "nowhere"), "project": (Project, "nobody")}
    with pytest.raises(errors.Several) as refused:
        lookups.get_all(wanted)
    assert [(one.field, one.code) for one in refused.value.errors] == [
        ("partition", "not_found"),
        ("project", "not_found"),
    ]


def test_name_that_very_many_have_hides_no_other(tenants: Network) -> None:
    Project.objects.bulk_create(Project(name="many") for _ in range(3 * lookups.MAX_CANDIDATES))
    single = Project.objects.create(name="single")
    called = lookups.keys_called(Project, ["many", "single"])
    assert (len(called["many"]), called["single"]) == (lookups.MAX_CANDIDATES + 1, [single.pk])
