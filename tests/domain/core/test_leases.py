"""Leases: one holder of each at a time, and another when the holder no longer says that it is there."""

from functools import partial

import pytest
from django.db.models.functions import Now

from ipam.domain.core import leases
from ipam.models import Lease
from tests.domain.crowd import in_processes


def expire() -> None:
    Lease.objects.update(until=Now())


def test_first_holder_has_it_and_a_second_has_not(db: None) -> None:
    assert (leases.hold(["survey"], "a"), leases.hold(["survey"], "b")) == ({"survey"}, set())


def test_holder_keeps_it(db: None) -> None:
    leases.hold(["survey"], "a")
    before = Lease.objects.get().until
    assert leases.hold(["survey"], "a", seconds=90) == {"survey"}
    assert Lease.objects.get().until > before


def test_another_takes_what_was_kept_no_longer(db: None) -> None:
    leases.hold(["survey", "deliver"], "a")
    expire()
    assert (leases.hold(["survey"], "b"), leases.hold(["survey", "deliver"], "a")) == ({"survey"}, {"deliver"})


def test_another_takes_what_was_released(db: None) -> None:
    leases.hold(["survey"], "a")
    leases.release("a")
    assert leases.hold(["survey"], "b") == {"survey"}


def test_lease_that_has_just_ended_is_nobodys(db: None) -> None:
    leases.hold(["survey"], "a", seconds=0)
    assert leases.hold([], "a") == set()


@pytest.mark.django_db(transaction=True)
def test_of_eight_processes_one_gets_each() -> None:
    names = ["survey", "deliver", "alerts"]
    held = in_processes([partial(leases.hold, names, f"process {number}") for number in range(8)])
    assert sorted(name for one in held for name in one) == sorted(names)
