"""Many processes, many clients, and a primary that is lost under them: what is served, and what fails.

`python -m tests.faults.long_run` starts two PostgreSQL clusters (the second a synchronous standby), PgBouncer and four
web processes on this machine, stores addresses, lets clients allocate, release and read, kills the primary half-way,
promotes the standby, and prints tables. It needs the programs of PostgreSQL and PgBouncer, and about 2.5 kB of disk for
each address, WAL aside; all that it has started and stored is gone afterwards.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import requests

from tests.faults.clients import Clients
from tests.faults.clusters import Cluster, cluster, standby
from tests.faults.poolers import Pooler, pooler
from tests.faults.servers import ROOT, Server, serving

_WORKERS, _SESSIONS = 4, 20
_PAIRS_PER_NETWORK, _PAIRS_PER_REQUEST = 50_000, 1_000
_USER, _PASSWORD = "operator", "correct horse battery staple"
_HOT = 8  # networks that clients take from


@dataclass(frozen=True)
class Stage:
    """All that runs."""

    primary: Cluster
    second: Cluster
    pooler: Pooler
    server: Server


def main() -> None:
    options = _parse()
    with _stage() as stage:
        _manage(stage.primary, "createsuperuser", "--noinput", "--username", _USER, "--email", "")
        token = _manage(stage.primary, "create_token", _USER).strip()
        project = _post(stage.server, token, "projects", {"name": "long run"})["id"]
        full = _fill(stage.server, token, project, options.addresses)
        with psycopg.connect(stage.primary.url(), autocommit=True) as session:
            session.execute("VACUUM ANALYZE")
            size = session.execute("SELECT pg_size_pretty(pg_database_size(current_database()))").fetchone()
            print(f"{options.addresses:,} addresses stored: {size[0] if size else '?'}")
        hot = [_network(stage.server, token, 200 + number) for number in range(_HOT)]
        clients = Clients(stage.server, token, _sign_in(stage.server), project, hot, full)
        with clients.working(options.clients):
            time.sleep(options.minutes * 30)
            lost_at = time.monotonic()
            stage.primary.crash()
            stage.second.promote()
            stage.pooler.lead_to(stage.second.port)
            replaced_at = time.monotonic()
            time.sleep(options.minutes * 30)
        print(clients.report(lost_at, replaced_at))
        with psycopg.connect(stage.second.url()) as session:
            print(clients.differences(session))
        print(f"doctor: {_manage(stage.second, 'doctor').strip()}")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.long_run", description=__doc__)
    parser.add_argument("--addresses", type=int, default=1_000_000, help="stored before it begins")
    parser.add_argument("--clients", type=int, default=64, help="that ask one thing after another, all at once")
    parser.add_argument("--minutes", type=float, default=5, help="half of them before the primary is lost")
    return parser.parse_args()


@contextmanager
def _stage() -> Iterator[Stage]:
    environment = {"REQUESTS_PER_MINUTE": "0", "DATABASE_POOL_MAX": "8"}  # the clients share one token
    with cluster() as primary, standby(primary) as second:
        os.environ |= {"DJANGO_SETTINGS_MODULE": "webui.settings", "DATABASE_URL": primary.url()}
        _manage(primary, "migrate")
        with (
            pooler(sessions=_SESSIONS) as pool,
            serving(workers=_WORKERS, DATABASE_POOLER_URL=pool.url, **environment) as server,
        ):
            yield Stage(primary, second, pool, server)


def _manage(place: Cluster, *command: str) -> str:
    """What the command prints."""
    environment = {**os.environ, "DATABASE_URL": place.url(), "DJANGO_SUPERUSER_PASSWORD": _PASSWORD}
    command = (sys.executable, "manage.py", *command)
    return subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout


def _fill(server: Server, token: str, project: str, addresses: int) -> list[str]:
    """Networks that hold so many addresses in pairs, taken through the API."""
    full = [_network(server, token, number) for number in range(max(1, addresses // 2 // _PAIRS_PER_NETWORK))]
    per_network = addresses // 2 // len(full)
    bodies = [
        {"network": network, "project": project, "count": min(_PAIRS_PER_REQUEST, per_network - taken)}
        for taken in range(0, per_network, _PAIRS_PER_REQUEST)
        for network in full
    ]
    with ThreadPoolExecutor(_WORKERS) as pool:
        for number, _ in enumerate(pool.map(lambda body: _post(server, token, "ips", body), bodies), start=1):
            print(f"\r{number:,} of {len(bodies):,} requests that store addresses", end="", file=sys.stderr)
    return full


def _network(server: Server, token: str, number: int) -> str:
    """A network of both families with room for 65,533 pairs."""
    prefixes = [f"10.{number}.0.0/16", f"2001:db8:0:{number:x}::/64"]
    body = {"id": f"network-{number}", "type": "external", "vrf": 1000 + number, "prefixes": prefixes}
    name: str = _post(server, token, "networks", body)["id"]
    return name


def _post(server: Server, token: str, noun: str, body: object) -> dict[str, str]:
    answer = server.call("POST", f"/api/v1/{noun}/", token, body)
    if answer.status != 201:
        raise RuntimeError(f"{noun} answered {answer.status}: {answer.text[:500]}")
    return answer.body


def _sign_in(server: Server) -> str:
    """The cookie of a session, for pages."""
    address = f"http://127.0.0.1:{server.port}/accounts/login/"
    browser = requests.Session()
    browser.get(address, timeout=60).raise_for_status()
    form = {"username": _USER, "password": _PASSWORD, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    browser.post(address, form, headers={"Referer": address}, allow_redirects=False, timeout=60).raise_for_status()
    return f"sessionid={browser.cookies['sessionid']}"


if __name__ == "__main__":
    main()
