"""Retries against real server processes: lost answers, many at once, killed workers."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User

from ipam.domain.health import doctor
from ipam.domain.networks import networks, partitions
from ipam.domain.people import tokens
from ipam.models import IdempotentResponse, IPAddress, Network, Partition, Project
from tests.api.serving import Answer, Server, serving, until
from tests.builders import cidrs, external
from tests.domain.proof import halves, misstated_free_space

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[..., Answer]


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def bearer(operator: User) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.issue(operator)}"}


@pytest.fixture
def hot(db: None) -> Network:
    return network("192.0.2.0/24", "2001:db8::/64")


@pytest.fixture
def pair(hot: Network, project: Project) -> dict[str, str]:
    return {"network": hot.pk, "project": str(project.pk)}


def network(*prefixes: str) -> Network:
    return networks.create(external(id="hot", prefixes=cidrs(*prefixes), destination_prefixes=[]))


def at_once(tasks: list[Callable[[], Any]]) -> list[Any]:
    with ThreadPoolExecutor(len(tasks)) as clients:
        return [sent.result() for sent in [clients.submit(task) for task in tasks]]


def sound() -> bool:
    return (halves(), misstated_free_space(), list(doctor.examine())) == ([], [], [])


def test_client_that_was_gone_before_the_answer_gets_it_when_it_asks_again(
    server: Server, bearer: dict[str, str], pair: dict[str, str]
) -> None:
    request = ("POST", "/api/v1/ips/", pair, {**bearer, "Idempotency-Key": "lost"})
    server.send_and_hang_up(*request)
    until(lambda: IPAddress.objects.exists())
    status, headers, body = server.send(*request)
    assert (status, headers["Idempotency-Replayed"]) == (201, "true")
    assert [one["ip"] for one in json.loads(body)["ips"]] == [str(one) for one in IPAddress.objects.order_by("family")]
    assert IPAddress.objects.count() == 2


def test_eight_that_send_one_key_at_once_get_one_allocation(
    server: Server, bearer: dict[str, str], pair: dict[str, str]
) -> None:
    for attempt in range(5):
        headers = {**bearer, "Idempotency-Key": f"k{attempt}"}
        answers = at_once([partial(server.send, "POST", "/api/v1/ips/", pair, headers)] * 8)
        assert {(status, body) for status, _, body in answers} == {(201, answers[0][2])}
        assert sum("Idempotency-Replayed" in headers for _, headers, _ in answers) == 7
        assert IPAddress.objects.count() == 2 * (attempt + 1)
    assert sound()


def test_eight_that_send_eight_keys_at_once_get_eight_allocations(
    server: Server, bearer: dict[str, str], pair: dict[str, str]
) -> None:
    def keyed(number: int) -> Callable[[], Answer]:
        headers = {**bearer, "Idempotency-Key": f"k{number}"}
        return lambda: server.send_until_answered("POST", "/api/v1/ips/", pair, headers)

    answers = at_once([keyed(number) for number in range(8)] * 2)
    assert [status for status, _, _ in answers] == [201] * 16
    assert (len({body for _, _, body in answers}), IPAddress.objects.count()) == (8, 16)
    assert sound()


def test_last_pair_goes_to_one_key_and_all_who_send_it_get_it(
    server: Server, bearer: dict[str, str], project: Project
) -> None:
    body = {"network": network("192.0.2.0/31", "2001:db8::/64").pk, "project": str(project.pk), "count": 2}
    headers = {**bearer, "Idempotency-Key": "all"}
    answers = at_once([partial(server.send, "POST", "/api/v1/ips/", body, headers)] * 8)
    assert {(status, body) for status, _, body in answers} == {(201, answers[0][2])}


def test_killed_worker_leaves_an_answer_with_its_allocation_or_neither(
    server: Server, bearer: dict[str, str], pair: dict[str, str]
) -> None:
    def robot(name: int) -> list[Answer]:
        keys = [f"{name}-{number}" for number in range(15)]
        headers = [{**bearer, "Idempotency-Key": key} for key in keys]
        return [server.send_until_answered("POST", "/api/v1/ips/", pair, one) for one in headers]

    with ThreadPoolExecutor(4) as robots:
        running = [robots.submit(robot, name) for name in range(4)]
        for done in (5, 15, 25, 35, 45):
            until(lambda done=done: IdempotentResponse.objects.count() >= done)
            server.kill_a_worker()
        answers = [answer for one in running for answer in one.result()]
    assert [status for status, _, _ in answers] == [201] * 60
    given = sorted(one["id"] for _, _, body in answers for one in json.loads(body)["ips"])
    assert given == sorted(str(key) for key in IPAddress.objects.values_list("pk", flat=True))
    assert (len(given), IdempotentResponse.objects.count(), sound()) == (120, 60, True)


def test_of_two_changes_of_one_state_one_is_stale(server: Server, bearer: dict[str, str]) -> None:
    partitions.create(id="fra")
    for generation in range(1, 9):
        headers = {**bearer, "If-Match": f'"{generation}"'}
        rename = [
            partial(server.send, "PATCH", "/api/v1/partitions/fra/", {"name": f"{generation} {name}"}, headers)
            for name in ("a", "b")
        ]
        answers = sorted(at_once(rename), key=lambda answer: answer[0])
        assert [status for status, _, _ in answers] == [200, 412]
        assert Partition.objects.get().name == json.loads(answers[0][2])["name"]
