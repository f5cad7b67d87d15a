"""What PostgreSQL does by one call is what Python would have done; SQLite says what that is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipam.domain.health import doctor
from ipam.domain.networks import addresses, networks
from ipam.models import Event, FreeBlock, Network, Project
from tests.builders import cidrs, external

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "prefix",
    [
        "203.0.113.248/29",
        "2001:db8::/64",
        "2001:db8:0:1:1:1:1:0/124",
        "2001:db8:0:0:1::/80",
        "2001:db8:1:1:1:1:1:1/128",
    ],
)
def test_history_tells_addresses_as_they_are_written_everywhere(project: Project, prefix: str) -> None:
    network = networks.create(external(id="odd", prefixes=cidrs(prefix), destination_prefixes=()))
    for _ in range(2 if not prefix.endswith("/128") else 1):
        taken = addresses.allocate(network, project=project, families=[network.prefixes.get().address_family])
        assert Event.objects.latest("pk").first_addresses == list(map(str, taken))


@given(st.lists(st.integers(0, 30), max_size=60))
def test_free_space_is_whole_whatever_is_taken_and_given_back(project: Project, steps: list[int]) -> None:
    """A step below what is held gives that back, and else one is taken."""
    number = Network.objects.count()
    network = networks.create(
        external(id=f"n{number}", vrf=5_000 + number, prefixes=cidrs(f"198.51.{number}.0/28"), destination_prefixes=())
    )
    before, held = blocks(network), []
    for step in steps:
        if step < len(held):
            addresses.release(held.pop(step))
        elif len(held) < 14:
            held += addresses.allocate(network, project=project)
    assert [finding.sentence for finding in doctor.examine()] == []
    for one in held:
        addresses.release(one)
    assert blocks(network) == before


def blocks(network: Network) -> list[str]:
    return list(map(str, FreeBlock.objects.filter(network=network).order_by("first")))
