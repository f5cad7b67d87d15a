"""Shared fixtures: each test sees the rows it asked for, as they were stored, and nothing of the tests before it."""

import pytest

from ipam.domain.networks import projects
from ipam.models import Partition, Project
from tests.shared import shared_fixture

STORED: list[str] = []


@shared_fixture
def counted(partition: Partition) -> Project:
    STORED.append("counted")
    partition.name = "not stored"
    return projects.create(name="counted")


def rows() -> list[tuple[str, str]]:
    return [(model.__name__, str(one.name)) for model in (Partition, Project) for one in model.objects.all()]


@pytest.mark.parametrize("time", [1, 2])
def test_rows_are_stored_once_and_what_a_test_does_to_them_is_gone(time: int, counted: Project) -> None:
    assert (STORED, counted.name, rows()) == (["counted"], "counted", [("Partition", ""), ("Project", "counted")])
    counted.name = "changed"
    Project.objects.update(name="changed")
    projects.create(name="another")


def test_less_is_seen_by_who_asks_for_less(partition: Partition) -> None:
    assert rows() == [("Partition", "")]


def test_nothing_is_seen_by_who_asks_for_nothing(db: None) -> None:
    assert rows() == []


def test_what_a_fixture_sets_on_its_copy_reaches_no_test(counted: Project, partition: Partition) -> None:
    assert partition.name == ""


def test_fixture_that_is_asked_for_later_belongs_to_the_test(db: None, request: pytest.FixtureRequest) -> None:
    stored = request.getfixturevalue("stranger")
    assert list(Project.objects.all()) == [stored]


def test_and_is_gone_with_it(db: None) -> None:
    assert rows() == []


@pytest.mark.django_db(transaction=True)
def test_rows_are_stored_anew_for_whoever_needs_them_committed(counted: Project) -> None:
    assert rows() == [("Partition", ""), ("Project", "counted")]
