"""Robots that use every verb at random, on objects that they all know, so that they get into each other's way."""

import io
import random
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from ipam import errors
from ipam.domain.core import context
from ipam.domain.files import importing
from ipam.domain.files.kinds import KINDS
from ipam.domain.files.tables import Table
from tests.faults.servers import Answer, Server

NOBODY = "00000000-0000-4000-8000-000000000000"
_REMEMBERED = 8  # of each kind: few, so that two robots often choose the same
PREFIXES = ["10.32.0.0/25", "2001:db8:32::/121"]  # small enough to run full now and then
_HALF = {"address_family": "ipv4"}


@dataclass
class World:
    """What robots know: where to ask, and the ids that any of them was told."""

    server: Server
    token: str
    project: str
    partition: str
    network: str
    parent: str
    ids: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=_REMEMBERED)))
    released: set[str] = field(default_factory=set)  # allocations of which somebody was told that they are gone
    outcomes: Counter[tuple[str, Any]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        return self.server.call(method, f"/api/v1/{path}", self.token, body)

    def take(self, **body: Any) -> Answer:
        """Ask for addresses, and remember what came."""
        answer = self.ask("POST", "ips/", {"network": self.network, "project": self.project, **body})
        for one in answer.body.get("ips", []):
            self.learn("address", one["id"])
            self.learn("allocation", one["allocation"])
        return answer

    def make(self, kind: str, path: str, body: Any) -> Answer:
        answer = self.ask("POST", path, body)
        if answer.status in (200, 201):
            self.learn(kind, answer.body["id"])
        return answer

    def learn(self, kind: str, key: str) -> None:
        with self._lock:
            self.ids[kind].append(key)

    def some(self, kind: str, rng: random.Random) -> str:
        """The id of one that is there, or was."""
        with self._lock:
            return rng.choice(list(self.ids[kind]) or [NOBODY])


Verb = Callable[[World, random.Random], Answer]


def named(world: World, rng: random.Random) -> Answer:
    return world.take(ip=f"10.32.0.{rng.randint(1, 126)}")


def release_allocation(world: World, rng: random.Random) -> Answer:
    """Several, one after the other: more is given than taken back otherwise."""
    for key in {world.some("allocation", rng) for _ in range(5)}:
        answer = world.ask("DELETE", f"allocations/{key}/")
        if answer.status == 204:
            world.released.add(key)
    return answer


def claim(world: World, rng: random.Random) -> Answer:
    body = {"pool": world.network, "owner": world.project, "name": f"vip-{rng.randint(1, 4)}"}
    return world.make("claim", "claims/", body)


def machine(world: World, rng: random.Random) -> Answer:
    joined = [{"network": world.some("child", rng)}, {"network": world.network}]
    body = {"project": world.project, "partition": world.partition, "name": "worker", "networks": joined}
    return world.make("machine", "machines/", body)


def carve(world: World, rng: random.Random) -> Answer:
    half = rng.choice([{}, _HALF])
    return world.make("child", "networks/", {"type": "child", "project": world.project, "parent": world.parent, **half})


def bring_in(world: World, rng: random.Random) -> Answer:
    """A table of addresses, as a command brings it in beside the web processes."""
    first = rng.randint(1, 122)
    rows = [f"10.32.0.{number},{world.network},{world.project}" for number in range(first, first + 3)]
    file = io.BytesIO("\n".join(["ip,network,project", *rows]).encode())
    try:
        importing.apply(Table(KINDS["addresses"], file, "csv"), skip_refused=True)
    except errors.IpamError as refusal:
        return Answer(409, {"code": refusal.code})
    return Answer(200)


def look_around(world: World, rng: random.Random) -> Answer:
    """Read a list, and remember some of it: nothing is out of reach for ever."""
    answer = world.ask("GET", f"ips/?network={world.network}&limit=1000")
    rows = answer.body.get("results", [])
    for one in rng.sample(rows, min(5, len(rows))):
        world.learn("address", one["id"])
        world.learn("allocation", one["allocation"])
    return answer


def update(change: dict[str, Any]) -> Verb:
    return lambda world, rng: world.ask("PATCH", f"ips/{world.some('address', rng)}/", change)


def delete(kind: str, path: str) -> Verb:
    return lambda world, rng: world.ask("DELETE", f"{path}/{world.some(kind, rng)}/")


def of_network(path: str, body: dict[str, Any]) -> Verb:
    return lambda world, rng: world.ask("POST", f"networks/{world.network}/{path}/", body)


VERBS: dict[str, Verb] = {
    "allocate one": lambda world, rng: world.take(**_HALF),
    "allocate a pair": lambda world, rng: world.take(name="pair"),
    "allocate several": lambda world, rng: world.take(count=3),
    "allocate by name": named,
    "rename": update({"name": "renamed"}),
    "make static": update({"type": "static"}),
    "release an address": delete("address", "ips"),
    "release an allocation": release_allocation,
    "claim": claim,
    "release a claim": delete("claim", "claims"),
    "allocate a machine": machine,
    "rename a machine": lambda world, rng: world.ask("PATCH", f"machines/{world.some('machine', rng)}/", {"name": "x"}),
    "release a machine": delete("machine", "machines"),
    "carve": carve,
    "complete a child": lambda world, rng: world.ask(
        "POST", f"networks/{world.some('child', rng)}/families/", {"address_family": "ipv6"}
    ),
    "delete a network": delete("child", "networks"),
    "complete": of_network("complete", {"address_family": "ipv6", "limit": 4}),
    "add a prefix": of_network("prefixes", {"prefix": "10.33.0.0/28"}),
    "remove a prefix": lambda world, rng: world.ask(
        "DELETE", f"networks/{world.network}/prefixes/?prefix=10.33.0.0/28"
    ),
    "import": bring_in,
    "look around": look_around,
}


def mix(world: World, *, clients: int, each: int) -> None:
    """Each client takes so many steps, every verb as often as chance has it."""

    def work(client: int) -> None:
        rng = random.Random(client)
        try:
            for _ in range(each):
                verb = rng.choice(list(VERBS))
                with context.system():
                    answer = VERBS[verb](world, rng)
                world.outcomes[verb, answer.body.get("code", answer.status)] += 1
        finally:
            connection.close()

    with ThreadPoolExecutor(clients) as pool:
        for working in [pool.submit(work, client) for client in range(clients)]:
            working.result()
