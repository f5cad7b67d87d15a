"""Robots that allocate without end, and the reckoning afterwards: what they were told against what is stored."""

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

from ipam.domain.health import doctor
from ipam.models import IPAddress
from tests.domain.proof import halves, misstated_free_space
from tests.faults.servers import Answer, Server

LONG = os.environ.get("FAULTS") == "long"  # every day the same faults happen fewer times
UNKNOWN = (0, "unavailable")  # what leaves open whether it happened


@dataclass
class Told:
    """What robots asked for, by its name, and what they were told."""

    answers: dict[str, Answer] = field(default_factory=dict)

    @property
    def taken(self) -> dict[str, list[str]]:
        """The addresses that were promised."""
        return {
            name: sorted(one["ip"] for one in answer.body["ips"])
            for name, answer in self.answers.items()
            if answer.status == 201
        }

    @property
    def outcomes(self) -> Counter[Any]:
        """How often each: 201, 0 for a connection that broke, else the code of the refusal."""
        return Counter(_outcome(answer) for answer in self.answers.values())

    @property
    def open(self) -> set[str]:
        """Requests of which nobody knows whether they happened."""
        return {name for name, answer in self.answers.items() if _outcome(answer) in UNKNOWN}


def _outcome(answer: Answer) -> Any:
    return answer.body.get("code", answer.status)


@contextmanager
def robots(
    server: Server, token: str, body: dict[str, Any], *, clients: int = 4, each: int = 0, stubborn: bool = False
) -> Iterator[Told]:
    """Robots that allocate under names of their own while the test goes on; until it ends, or `each` is through.

    Stubborn ones send a key with each request, and send it again until they are told what became of it.
    """
    told, stop = Told(), threading.Event()

    def work(robot: int) -> None:
        for number in range(each) if each else count():
            if stop.is_set() and not each:
                return
            name = f"{'stubborn' if stubborn else 'robot'}-{robot}-{number}"
            headers = {"Idempotency-Key": name} if stubborn else {}
            ask = partial(server.call, "POST", "/api/v1/ips/", token, {**body, "name": name}, **headers)
            answer = ask()
            while stubborn and _outcome(answer) in (*UNKNOWN, "busy"):
                time.sleep(0.1)
                answer = ask()
            told.answers[name] = answer

    with ThreadPoolExecutor(clients) as pool:
        working = [pool.submit(work, robot) for robot in range(clients)]
        try:
            yield told
        finally:
            stop.set()
        for one in working:
            one.result()


def differences(*crews: Told) -> dict[str, Any]:
    """Where the database is not what was told: all empty when nothing was lost, doubled or done by halves."""
    told = Told({name: answer for crew in crews for name, answer in crew.answers.items()})
    stored: dict[str, list[str]] = {}
    for row in IPAddress.objects.all():
        stored.setdefault(row.name, []).append(str(row))
    return {
        "lost": [name for name, taken in told.taken.items() if sorted(stored.get(name, [])) != taken],
        "unasked": sorted(stored.keys() - told.taken.keys() - told.open),
        "halves": halves(),
        "misstated": misstated_free_space(),
        "doctor": [finding.sentence for finding in doctor.examine()],
    }


NO_DIFFERENCE: dict[str, Any] = {"lost": [], "unasked": [], "halves": [], "misstated": [], "doctor": []}


def promised_twice(*crews: Told) -> list[str]:
    """Addresses that two robots were given."""
    times = Counter(address for told in crews for taken in told.taken.values() for address in taken)
    return [address for address, number in times.items() if number > 1]


def progress(told: Told, number: int) -> Callable[[], bool]:
    """Whether so many more answers have come since now."""
    begun = len(told.answers)
    return lambda: len(told.answers) >= begun + number
