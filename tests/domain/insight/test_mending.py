"""Completing all halves of pairs, batch after batch."""

import pytest

from ipam.domain.insight import mending
from ipam.domain.networks import addresses, networks
from ipam.models import Network, Project
from tests.builders import IPV4, cidrs, external
from tests.shared import shared_fixture


@shared_fixture
def halves(project: Project) -> None:
    """Three networks whose IPv6 is full, by name before one with room."""
    for number, key in enumerate(("aa", "bb", "cc", "roomy")):
        six = "::/64" if key == "roomy" else "::/127"
        prefixes = cidrs(f"198.18.{number}.0/24", f"2001:db8:{number}{six}")
        made = networks.create(external(id=key, vrf=8 + number, prefixes=prefixes, destination_prefixes=()))
        addresses.allocate(made, project=project, families=[IPV4], count=3)
        if key != "roomy":
            addresses.allocate(made, project=project, count=2)


def refused(done: mending.Mended) -> list[str]:
    return [network.pk for network, _ in done.refused]


def test_those_that_refuse_keep_no_other_waiting_however_many_they_are(
    halves: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mending, "_MAX_REFUSED", 2)
    first = mending.complete()
    assert (refused(first), first.completed) == (["aa", "bb"], 0)
    assert first.after is not None
    second = mending.complete(after=first.after)
    assert (refused(second), second.completed, second.after) == (["cc"], 3, None)


def test_network_that_is_not_through_goes_on_with_the_next_batch(halves: None) -> None:
    Network.objects.filter(pk__in=["aa", "bb", "cc"]).update(managed_by="metal-stack")
    first = mending.complete(limit=2)
    assert (first.completed, first.after) == (2, "")
    assert mending.complete(limit=2, after="").completed == 1


def test_what_is_left_is_known_without_another_look(halves: None) -> None:
    done = mending.complete()
    assert [(one.network.pk, one.count) for one in done.left] == [("aa", 3), ("bb", 3), ("cc", 3)]
    assert done.left == mending.halves()
