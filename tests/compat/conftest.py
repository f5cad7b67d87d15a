"""metal-stack's own client, whose requests go to the application without a socket, and a metal-api that stands in."""

import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from metal_python.api import health_api, ip_api, network_api, partition_api, project_api, version_api
from metal_python.driver import Driver
from metal_python.models import HttperrorsHTTPErrorResponse
from metal_python.rest import ApiException

from ipam.domain.people import tokens
from tests.compat.mirrored import fill
from tests.compat.stand_in import KEY, StandIn, standing_in

KEYS = {"admin": "key of admins", "edit": "key of editors", "view": "key of viewers"}


class Metal:
    """The calls of metal_python's clients; `last` is the answer's body as it was on the wire."""

    def __init__(self, *, user: str = "", key: str = "", bearer: str = "") -> None:
        driver = Driver("http://testserver/metal", bearer, key or None, hmac_user=user)
        self.client = driver.client
        driver.client.rest_client.pool_manager = SimpleNamespace(request=self._request)
        self.last: Any = None
        self.network = network_api.NetworkApi(driver.client)
        self.ip = ip_api.IpApi(driver.client)
        self.partition = partition_api.PartitionApi(driver.client)
        self.project = project_api.ProjectApi(driver.client)
        self.version = version_api.VersionApi(driver.client)
        self.health = health_api.HealthApi(driver.client)

    def send(self, method: str, path: str, body: Any) -> int:
        """The status of a request that the client itself would not send."""
        return int(self.client.request(method, f"http://testserver/metal/v1/{path}", body=body).status)

    def _request(self, method: str, url: str, *, headers: Any = None, body: Any = None, **_: Any) -> Any:
        answer = Client().generic(method, url, body or "", content_type="application/json", headers=headers or {})
        self.last = json.loads(answer.content)
        return SimpleNamespace(
            status=answer.status_code, reason=answer.reason_phrase, data=answer.content,
            getheaders=lambda: dict(answer.headers), getheader=answer.headers.get,
        )  # fmt: skip


@pytest.fixture(autouse=True)
def _open(settings: Any) -> None:
    settings.METAL_API = True
    settings.METAL_HMAC_KEYS = KEYS


@pytest.fixture
def admin(db: None) -> Metal:
    return Metal(user="Metal-Admin", key=KEYS["admin"])


@pytest.fixture
def edit(db: None) -> Metal:
    return Metal(user="Metal-Edit", key=KEYS["edit"])


@pytest.fixture
def view(db: None) -> Metal:
    return Metal(user="Metal-View", key=KEYS["view"])


def refusal(call: Callable[[], object]) -> tuple[int, str]:
    """Status and sentence of a refused call, both in the shape of metal-api."""
    with pytest.raises(ApiException) as refused:
        call()
    told = HttperrorsHTTPErrorResponse(**json.loads(refused.value.body))
    assert told.statuscode == refused.value.status
    return told.statuscode, told.message


@pytest.fixture
def bearer(operator: User) -> Metal:
    return Metal(bearer=tokens.issue(operator, name="metal"))


@pytest.fixture
def metal_api(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    monkeypatch.setenv("KEY_OF_METAL", KEY)
    with standing_in() as server:
        fill(server)
        yield server
