"""All verbs at once, completions and imports among them: answers of the vocabulary only, and everything adds up."""

from typing import Any

import pytest

from ipam import errors
from ipam.domain.health import doctor
from ipam.domain.networks import networks
from ipam.models import Claim, IPAddress, Network, Partition, Project
from tests.builders import cidrs, external
from tests.domain.proof import misstated_free_space
from tests.faults.mixture import PREFIXES, VERBS, World, mix
from tests.faults.robots import LONG
from tests.faults.servers import serving

pytestmark = pytest.mark.django_db(transaction=True)
_DONE = {200, 201, 204}
_REFUSED = {cls.code for cls in errors.IpamError.__subclasses__()} - {"unavailable", "timed_out", "storage_full"}


@pytest.fixture
def tight(partition: Partition) -> Network:
    """A dual-stack network that all robots fill and empty."""
    return networks.create(external(id="tight", prefixes=cidrs(*PREFIXES), destination_prefixes=[]))


def test_all_verbs_at_once_leave_everything_adding_up(
    token: str, tight: Network, tenants: Network, project: Project, partition: Partition
) -> None:
    with serving() as server:
        world = World(server, token, str(project.pk), partition.pk, tight.pk, tenants.pk)
        mix(world, clients=8, each=1000 if LONG else 40)
    assert {one: count for one, count in world.outcomes.items() if one[1] not in _DONE | _REFUSED} == {}
    assert {verb for verb, _ in world.outcomes} == set(VERBS)
    assert leftovers(world) == {"doctor": [], "misstated": [], "released": [], "unclaimed": []}


def leftovers(world: World) -> dict[str, Any]:
    """What should not be there any more, or does not add up."""
    claimed = Claim.objects.values("allocation")
    return {
        "doctor": [finding.sentence for finding in doctor.examine()],
        "misstated": misstated_free_space(),
        "released": list(IPAddress.objects.filter(allocation__in=world.released).values_list("name", "address")),
        "unclaimed": list(IPAddress.objects.filter(name__startswith="vip-").exclude(allocation__in=claimed)),
    }
