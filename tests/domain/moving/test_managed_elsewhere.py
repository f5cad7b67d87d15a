"""What another system owns is only read here: every verb on it is refused, in one word, and changes nothing."""

import pytest
from django.db import transaction

from ipam import errors
from ipam.models import IPAddress, Machine, Network, Partition, Project
from ipam.models.managed import METAL_STACK
from tests.api.writes import everything
from tests.domain.verbs import VERBS, cast
from tests.shared import shared_fixture

# What Twofold keeps beside it, be it about projects and networks of others. (`claim` gives what is claimed already.)
OWN = {
    *("claim", "create VRF", "delete VRF", "name VRF", "name VRF of empty", "name another VRF", "take its range"),
    *("create cluster", "update cluster", "reserve cluster", "release cluster", "delete cluster"),
    "add services",
    *("limit addresses", "limit space", "remove range"),
}


@shared_fixture
def mirrored() -> None:
    """The cast, all of it metal-stack's."""
    cast()
    for model in (Partition, Project, Network, Machine, IPAddress):
        model.objects.update(managed_by=METAL_STACK)


@pytest.mark.parametrize("name", sorted(VERBS.keys() - OWN))
def test_verb_is_refused_and_changes_nothing(mirrored: None, name: str) -> None:
    before = everything()
    with pytest.raises(errors.ManagedElsewhere, match="managed by metal-stack"), transaction.atomic():
        VERBS[name].run()
    assert everything() == before
