"""How many SQL statements the writes of the API take that controllers send most."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from ipam.domain.networks import networks, partitions
from ipam.domain.people import tokens
from tests.bench import cast
from tests.bench.table import Row, at_most
from tests.bench.timing import Ratio
from tests.builders import IPV4, IPV6, super_network

_TRANSACTIONS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


def rows() -> Iterator[Row]:
    site, project = partitions.create(id="bench"), str(cast.project().pk)
    parent = networks.create(super_network(partition=site)).pk
    outside = cast.network(IPV4, IPV6).pk
    client = APIClient(SERVER_NAME="localhost")
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(User.objects.create_superuser('bench'))}")

    def ask(most: int, method: str, path: str, body: object = None) -> tuple[Row, Any]:
        with CaptureQueriesContext(connection) as captured:
            answer = getattr(client, method.lower())(f"/api/v1/{path}", body)
        if answer.status_code not in (200, 201, 204):
            raise RuntimeError(f"{method} {path} answered {answer.status_code}: {answer.content!r}")
        count = sum(not query["sql"].startswith(_TRANSACTIONS) for query in captured)
        noun = path.split("/")[0] + ("/" if method == "POST" else "/{id}/")
        row = Row(f"SQL statements of {method} {noun}", Ratio(count, count, count), at_most(most))
        return row, answer.json() if answer.content else None

    taken = {"network": outside, "project": project}
    child = {"type": "child", "parent": parent, "project": project}
    ask(0, "POST", "ips/", taken)  # what a process asks once
    row, pair = ask(4, "POST", "ips/", taken)
    yield row
    yield ask(4, "DELETE", f"ips/{pair['ips'][0]['id']}/")[0]
    _, pair = ask(4, "POST", "ips/", taken)
    yield ask(6, "DELETE", f"allocations/{pair['ips'][0]['allocation']}/")[0]
    row, home = ask(10, "POST", "networks/", child)
    yield row
    yield ask(12, "DELETE", f"networks/{home['id']}/")[0]
    home = ask(10, "POST", "networks/", child)[1]["id"]
    machine = {"project": project, "partition": site.pk, "networks": [{"network": home}, {"network": outside}]}
    yield ask(10, "POST", "machines/", machine)[0]
    yield ask(15, "POST", "clusters/", {"name": "bench", "project": project, "network": home})[0]
