"""From an id to its object."""

import pytest

from ipam import errors
from ipam.domain import lookups, networks
from ipam.models import Network


def test_object_that_nobody_has_changed_is_found(internet: Network) -> None:
    assert lookups.get_unchanged(Network, "internet", [1]) == internet


def test_object_that_somebody_has_changed_is_stale(internet: Network) -> None:
    networks.update(internet, name="changed")
    with pytest.raises(errors.Stale, match="Somebody else has changed “changed”"):
        lookups.get_unchanged(Network, "internet", [1])
