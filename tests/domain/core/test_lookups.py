"""From an id to its object."""

import pytest

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


def test_unknown_names_are_told_together(internet: Network) -> None:
    wanted = {"network": (Network, "internet"), "partition": (Partition, "nowhere"), "project": (Project, "nobody")}
    with pytest.raises(errors.Several) as refused:
        lookups.get_all(wanted)
    assert [(one.field, one.code) for one in refused.value.errors] == [
        ("partition", "not_found"),
        ("project", "not_found"),
    ]
