"""A place has only so many webhooks, however they come there."""

import threading
from contextlib import suppress
from functools import partial

import pytest
from django.contrib.auth.models import User

from ipam import errors
from ipam.domain.notify import targets, webhooks
from ipam.models import Project, Webhook
from tests.callers import as_user
from tests.domain import crowd
from tests.domain.notify.conftest import SECRET, Hook
from tests.receivers import Receiver

pytestmark = pytest.mark.django_db(transaction=True)  # the feed reads what has been committed


def test_place_takes_no_more_webhooks_by_moving_them(
    hook: Hook, operator: User, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MAX_OF_A_PLACE", 1)
    of_project, of_platform = hook(url="https://1.1.1.1/", project=project), hook(url="https://1.1.1.1/")
    with as_user(operator):
        with pytest.raises(errors.InUse):
            webhooks.update(of_platform, project=project)
        with pytest.raises(errors.InUse):
            webhooks.update(of_project, project=None)
        webhooks.update(of_project, project=project, name="stays")
    assert list(Webhook.objects.order_by("pk").values_list("project_id", flat=True)) == [project.pk, None]


def test_of_webhooks_that_are_made_at_once_there_are_no_more_than_may_be(
    hook: Hook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MAX_OF_A_PLACE", 3)
    hook()
    target = targets.resolve(receiver.url)

    def make() -> bool:
        try:
            webhooks.create(target, secret=SECRET)
        except errors.InUse:
            return False
        return True

    assert sorted(crowd.in_threads([make] * 5)) == [False, False, False, True, True]


def test_webhooks_that_change_places_are_locked_in_one_order(
    hook: Hook, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_project, of_platform = hook(url="https://1.1.1.1/", project=project), hook(url="https://1.1.1.1/")
    meeting, check = threading.Barrier(2), webhooks._check_room
    met: list[Project | None] = []

    def check_together(place: Project | None) -> None:
        met.append(place)
        with suppress(threading.BrokenBarrierError):
            meeting.wait(1)
        check(place)

    monkeypatch.setattr(webhooks, "_check_room", check_together)
    moves = [partial(webhooks.update, of_project, project=None), partial(webhooks.update, of_platform, project=project)]
    crowd.in_threads(moves)
    assert len(met) == 2  # nobody had to begin anew
