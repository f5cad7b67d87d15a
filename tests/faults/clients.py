"""Clients of every kind, what they were told and how long it took, and what the database has to say to that."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from itertools import count
from typing import Any

import psycopg

from tests.faults.servers import Answer, Server

_CERTAIN = {"busy", "timed_out"}  # refusals after which nothing was changed
_NAME = "client-"


@dataclass(frozen=True)
class Call:
    """One request: what it was for, when it began and how long it took (monotonic seconds), what came of it."""

    kind: str
    begun: float
    seconds: float
    outcome: str  # the status, or the code of a problem; 0 for a connection that broke

    @property
    def ended(self) -> float:
        return self.begun + self.seconds

    @property
    def is_good(self) -> bool:
        return self.outcome in ("200", "201", "204")


@dataclass
class Clients:
    """Each takes two pairs of a network under names of its own, releases one, reads a list and a page; and again."""

    server: Server
    token: str
    cookie: str
    project: str
    sources: list[str]
    full: list[str]
    calls: list[Call] = field(default_factory=list)
    promised: dict[str, list[str]] = field(default_factory=dict)  # name → addresses
    released: set[str] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)  # names of what may have been done or not

    @contextmanager
    def working(self, number: int) -> Iterator[None]:
        """So many of them work meanwhile."""
        stop = threading.Event()
        with ThreadPoolExecutor(number) as pool:
            working = [pool.submit(self._work, client, stop) for client in range(number)]
            try:
                yield
            finally:
                stop.set()
            for one in working:
                one.result()

    def _work(self, client: int, stop: threading.Event) -> None:
        network, full = self.sources[client % len(self.sources)], self.full[client % len(self.full)]
        for number in count():
            if stop.is_set():
                return
            self._allocate(network, f"{_NAME}{client}-{number}-kept")
            name = f"{_NAME}{client}-{number}-released"
            allocation = self._allocate(network, name)
            if allocation:
                self._release(name, allocation)
            self._ask("list", "GET", f"/api/v1/ips/?network={full}", self.token)
            self._ask("page", "GET", f"/networks/{full}/", Cookie=self.cookie)

    def _allocate(self, network: str, name: str) -> str | None:
        body = {"network": network, "project": self.project, "name": name}
        answer = self._ask("allocate", "POST", "/api/v1/ips/", self.token, body)
        if answer.status == 201:
            self.promised[name] = sorted(one["ip"] for one in answer.body["ips"])
            allocation: str = answer.body["ips"][0]["allocation"]
            return allocation
        if answer.body.get("code") not in _CERTAIN:
            self.unsure.add(name)
        return None

    def _release(self, name: str, allocation: str) -> None:
        answer = self._ask("release", "DELETE", f"/api/v1/allocations/{allocation}/", self.token)
        if answer.status in (200, 204):
            self.released.add(name)
        elif answer.body.get("code") not in _CERTAIN:
            self.unsure.add(name)

    def _ask(self, kind: str, method: str, path: str, token: str = "", body: object = None, **headers: str) -> Answer:
        begun = time.monotonic()
        answer = self.server.call(method, path, token, body, **headers)
        outcome = str(answer.body.get("code", answer.status))
        self.calls.append(Call(kind, begun, time.monotonic() - begun, outcome))
        return answer

    def report(self, lost_at: float, replaced_at: float) -> str:
        """Two tables: what was served before the primary was lost and after another was there, and what failed."""
        calls = sorted(self.calls, key=lambda call: call.ended)
        good, failed = ([call for call in calls if call.is_good is wanted] for wanted in (True, False))
        back_at = next(call.ended for call in good if call.kind == "allocate" and call.begun > lost_at)
        phases = {
            "before": [call for call in good if call.ended < lost_at],
            "after": [call for call in good if call.begun > back_at],
        }
        lines = ["", "| phase | request | per second | p50, ms | p99, ms |", "| --- | --- | --- | --- | --- |"]
        lines += [line for phase, served in phases.items() for line in _rates(phase, served)]
        lines += ["", "| failed | how often |", "| --- | --- |"]
        outcomes = Counter((call.kind, call.outcome) for call in failed)
        lines += [f"| {kind}: {outcome} | {times} |" for (kind, outcome), times in sorted(outcomes.items())]
        early = sum(call.ended < lost_at for call in failed)
        last = max([lost_at, *(call.ended for call in failed)])
        lines += [
            f"\nOf {len(calls):,} requests {len(failed)} failed, {early} of them before the primary was lost.",
            f"Another primary was there after {replaced_at - lost_at:.1f} s, the next pair was given after "
            f"{back_at - lost_at:.1f} s, the last request failed after {last - lost_at:.1f} s.",
        ]
        return "\n".join(lines)

    def differences(self, session: psycopg.Connection[Any]) -> str:
        """How many promises are not what is stored; all have to be 0."""
        stored: dict[str, list[str]] = {}
        rows = session.execute("SELECT name, address FROM ipam_ipaddress WHERE name LIKE %s", [f"{_NAME}%"])
        for name, address in rows:
            stored.setdefault(name, []).append(str(ip_address(bytes(address)[1:])))
        held = {name: taken for name, taken in self.promised.items() if name not in self.released | self.unsure}
        times = Counter(address for taken in held.values() for address in taken)
        found = {
            "lost": sum(sorted(stored.get(name, [])) != taken for name, taken in held.items()),
            "released, yet stored": len(self.released & stored.keys()),
            "unasked": len(stored.keys() - held.keys() - self.released - self.unsure),
            "doubled": sum(number > 1 for number in times.values()),
            "halves": sum(len(addresses) != 2 for addresses in stored.values()),
        }
        said = ", ".join(f"{what}: {number}" for what, number in found.items())
        return f"{len(self.promised):,} pairs promised, {len(self.released):,} released. {said}"


def _rates(phase: str, calls: list[Call]) -> Iterator[str]:
    """A line for each kind of request."""
    span = calls[-1].ended - min(call.begun for call in calls)
    for kind in sorted({call.kind for call in calls}):
        times = sorted(1000 * call.seconds for call in calls if call.kind == kind)
        median, slow = (times[int(share * (len(times) - 1))] for share in (0.5, 0.99))
        yield f"| {phase} | {kind} | {len(times) / span:.1f} | {median:.0f} | {slow:.0f} |"
