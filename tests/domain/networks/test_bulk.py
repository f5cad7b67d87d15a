"""Labels and names of many records at once."""

import pytest
from django.contrib.auth.models import User

from ipam import errors
from ipam.domain.networks import addresses, bulk, partitions
from ipam.domain.people import members
from ipam.models import Event, IPAddress, Network, Partition, Project
from tests.builders import IPV4, codes
from tests.callers import as_user
from tests.shared import shared_fixture


@shared_fixture
def sites() -> list[Partition]:
    return [
        partitions.create(id="ams", name="Amsterdam", labels={"tier": "1", "old": "yes"}),
        partitions.create(id="zrh", labels={"tier": "2"}),
    ]


def labels() -> list[dict[str, str]]:
    return list(Partition.objects.order_by("pk").values_list("labels", flat=True))


def test_label_is_added_to_all_and_replaces_what_they_have(sites: list[Partition]) -> None:
    bulk.label(sites, add={"tier": "3"}, remove={})
    assert labels() == [{"tier": "3", "old": "yes"}, {"tier": "3"}]


def test_label_is_removed_whatever_its_value(sites: list[Partition]) -> None:
    bulk.label(sites, add={}, remove={"tier": ""})
    assert labels() == [{"old": "yes"}, {}]


def test_label_with_a_value_is_removed_only_where_it_has_that_value(sites: list[Partition]) -> None:
    bulk.label(sites, add={}, remove={"tier": "2"})
    assert labels() == [{"tier": "1", "old": "yes"}, {}]


def test_record_that_stays_the_same_is_no_new_generation(sites: list[Partition]) -> None:
    bulk.label(sites, add={"tier": "1"}, remove={})
    assert list(Partition.objects.order_by("pk").values_list("generation", flat=True)) == [1, 2]


def test_labels_of_a_record_are_those_that_it_has_by_now(sites: list[Partition]) -> None:
    partitions.update(sites[1], labels={"added": "meanwhile"})
    bulk.label(sites, add={"tier": "1"}, remove={})
    assert labels()[1] == {"added": "meanwhile", "tier": "1"}


def test_record_that_is_gone_is_no_hindrance(sites: list[Partition]) -> None:
    partitions.delete(sites[0])
    bulk.rename(sites, name="site")
    assert list(Partition.objects.values_list("pk", "name")) == [("zrh", "site")]


def test_name_stands_between_what_comes_before_and_after(sites: list[Partition]) -> None:
    bulk.rename(sites, before="old ", after="!")
    assert list(Partition.objects.order_by("pk").values_list("name", flat=True)) == ["old Amsterdam!", "old !"]


def test_no_record_is_renamed_when_one_name_would_be_too_long(sites: list[Partition]) -> None:
    with pytest.raises(errors.Invalid) as refusal:
        bulk.rename(sites, after="!" * 250)
    assert codes(refusal.value) == ["invalid"]
    assert list(Partition.objects.order_by("pk").values_list("name", flat=True)) == ["Amsterdam", ""]


def test_nothing_to_change_is_nothing_to_do(db: None) -> None:
    bulk.label([], add={"tier": "1"}, remove={})


def test_rights_are_those_to_what_the_records_are_by_now(
    internet: Network, project: Project, stranger: Project
) -> None:
    alice = User.objects.create_user("alice")
    members.grant(alice, "owner", project=project)
    held = addresses.allocate(internet, project=project, families=[IPV4])
    IPAddress.objects.update(project=stranger)
    with as_user(alice), pytest.raises(errors.PermissionDenied):
        bulk.rename(held, name="mine")


def test_label_of_addresses_in_two_networks_is_in_the_history_of_both(
    internet: Network, private: Network, project: Project
) -> None:
    held = [*addresses.allocate(internet, project=project), *addresses.allocate(private, project=project)]
    bulk.label(held, add={"tier": "1"}, remove={})
    assert [Event.objects.in_networks([one.pk]).first().verb for one in (internet, private)] == ["label", "label"]
