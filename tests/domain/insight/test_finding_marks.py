"""Findings that somebody snoozes, accepts or reopens, several at once: all of them, or none."""

import pytest
from django.contrib.auth.models import User

from ipam import errors
from ipam.domain.insight import finding_marks, survey
from ipam.domain.networks import addresses, networks, projects
from ipam.domain.people import members
from ipam.models import Event, FindingMark, Network, Project
from tests.builders import cidrs, external
from tests.callers import as_user
from tests.shared import shared_fixture


@shared_fixture
def full(project: Project) -> list[str]:
    """The keys of two networks that are full."""
    for number in (1, 2):
        wanted = external(
            id=f"full-{number}", vrf=number, prefixes=cidrs(f"192.0.2.{number * 2}/31"), destination_prefixes=()
        )
        addresses.allocate(networks.create(wanted), project=project, count=2)
    return [f"family_nearly_full:network:full-{number}:ipv4" for number in (1, 2)]


def empty(project: Project) -> str:
    return f"project_without_networks:project:{project.pk}:"


def shown() -> set[str]:
    return {one.key for one in survey.wanted({})}


def test_several_are_accepted_by_one_event_which_the_history_of_each_network_has(full: list[str]) -> None:
    Event.objects.all().delete()
    found = finding_marks.accept(full, reason="moving")
    assert {one.key: one.reason for one in found} == dict.fromkeys(full, "moving")
    assert shown().isdisjoint(full)
    event = Event.objects.get()
    assert (event.verb, event.count, event.title, event.object_id) == ("accept", 2, "2", "")
    assert event.changes == {"key": [None, full], "reason": [None, "moving"]}
    assert [Event.objects.in_networks([key]).get() for key in ("full-1", "full-2")] == [event] * 2


def test_event_of_several_says_what_they_have_in_common(project: Project, full: list[str]) -> None:
    other = projects.create(name="other")
    Event.objects.all().delete()
    finding_marks.accept([empty(project), empty(other)], reason="spare")
    finding_marks.accept(full[:1], reason="moving")
    told = Event.objects.order_by("id").values_list("count", "project_id", "network_id", "object_id")
    assert list(told) == [(2, None, "", ""), (1, None, "full-1", "full-1")]


def test_one_that_is_not_theirs_keeps_them_from_all(
    project: Project, stranger: Project, django_user_model: type[User]
) -> None:
    owner = django_user_model.objects.create_user("owner")
    members.grant(owner, "owner", project=project)
    members.grant(owner, "viewer", project=stranger)
    with as_user(owner), pytest.raises(errors.PermissionDenied):
        finding_marks.accept([empty(project), empty(stranger)], reason="spare")
    assert not FindingMark.objects.exists()


def test_what_is_found_no_more_is_in_no_others_way(full: list[str]) -> None:
    addresses.release_many(Network.objects.get(pk="full-1").addresses.all())
    assert [one.key for one in finding_marks.accept(full, reason="moving")] == full[1:]


def test_no_more_than_a_page_at_once(full: list[str]) -> None:
    with pytest.raises(errors.Invalid, match=r"At most 50 findings at a time, and these are 51\."):
        finding_marks.accept([*full, *map(str, range(49))], reason="moving")


def test_who_says_it_last_is_believed(full: list[str]) -> None:
    finding_marks.accept(full, reason="moving")
    finding_marks.accept(full, reason="moved")
    assert list(FindingMark.objects.values_list("reason", flat=True)) == ["moved"] * 2


def test_several_are_shown_again_at_once(full: list[str]) -> None:
    finding_marks.accept(full, reason="moving")
    assert [one.mark for one in finding_marks.reopen(full)] == [None, None]
    assert shown().issuperset(full)
