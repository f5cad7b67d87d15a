"""What is kept of a request that has a key, and what is not."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User

from ipam import errors
from ipam.domain.core import idempotency
from ipam.domain.core.operations import transacted
from ipam.domain.networks import partitions
from ipam.models import IdempotentResponse, Machine, Partition, Project

Ask = Callable[[Callable[[], idempotency.Answer]], str]


@pytest.fixture
def ask(operator: User) -> Ask:
    """Sends one request with one key; the body of its answer."""

    def once(do: Callable[[], idempotency.Answer]) -> str:
        refused = lambda refusal: (409, refusal.code)  # noqa: E731
        kept, _ = idempotency.run_once(operator, "k1", request=bytes(32), do=do, refused=refused)
        return kept.body

    return once


def make(*, then: Any = None) -> idempotency.Answer:
    """Make a partition, and then fail if there is something to fail with."""
    made = partitions.create(id="fra")
    if then is not None:
        raise then
    return 201, made.pk


def test_first_answer_is_kept(ask: Ask) -> None:
    assert [ask(make), ask(lambda: (201, "another"))] == ["fra", "fra"]


def test_refusal_is_an_answer_and_undoes_what_came_before_it(ask: Ask) -> None:
    assert [ask(partial(make, then=errors.Overlap("No."))), ask(make)] == ["overlap", "overlap"]
    assert not Partition.objects.exists()


def test_being_busy_is_no_answer(ask: Ask) -> None:
    with pytest.raises(errors.Busy):
        ask(partial(make, then=errors.Busy("Not now.")))
    assert ask(make) == "fra"


def test_write_without_its_answer_cannot_be(ask: Ask) -> None:
    with pytest.raises(ZeroDivisionError):
        ask(partial(make, then=ZeroDivisionError()))
    assert (Partition.objects.count(), IdempotentResponse.objects.count()) == (0, 0)


def test_being_busy_among_other_refusals_is_no_answer(ask: Ask) -> None:
    with pytest.raises(errors.Busy):
        ask(lambda: errors.raise_all([errors.Overlap("No."), errors.Busy("Not now.")]) or (200, ""))
    assert ask(make) == "fra"


@pytest.mark.django_db(transaction=True)
def test_reference_to_what_was_removed_meanwhile_is_no_answer(ask: Ask) -> None:
    gone = Machine(project=Project(), partition=Partition(pk="gone"), asn=1)
    with pytest.raises(errors.Busy):
        ask(lambda: transacted(gone.save)(force_insert=True) or (201, ""))
    assert ask(make) == "fra"


@pytest.mark.django_db(transaction=True)
def test_write_that_loses_a_race_is_tried_again_from_its_beginning(ask: Ask) -> None:
    luck = [errors.Busy("Lost."), errors.Busy("Lost again."), None]
    assert ask(lambda: make(then=luck.pop(0))) == "fra"
    assert (luck, Partition.objects.count(), IdempotentResponse.objects.count()) == ([], 1, 1)
