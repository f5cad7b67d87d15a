"""What metal-stack owns, by the doors that are not the API: each refuses to write to it, and pages say whose it is."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from metal_python.rest import ApiException

from ipam.compat.go_ipam import service
from ipam.compat.go_ipam.wire import Refused
from ipam.domain.moving.metal_stack import live
from ipam.domain.moving.mirror import passes
from ipam.models import IPAddress, Machine, Network, Partition, Project
from tests.admin.keeper import Keeper
from tests.api.writes import everything
from tests.compat.conftest import Metal
from tests.compat.mirrored import LAB, LISTS, SHOP
from tests.shared import shared_fixture

TOLD = "managed by metal-stack"


@shared_fixture
def mirrored() -> None:
    passes.follow("https://api.example.org", live.as_written([LISTS[path] for path in live.PATHS]))


@pytest.fixture
def web(client: Client, mirrored: None) -> Client:
    client.force_login(User.objects.create_superuser("boss"))
    return client


@pytest.fixture
def _unchanged(mirrored: None) -> Iterator[None]:
    """What the test does changes nothing that is mirrored."""

    def rows() -> Any:
        return {name: found for name, found in everything().items() if name in ("Network", "IPAddress", "Machine")}

    before = rows()
    yield
    assert rows() == before


def address() -> IPAddress:
    return IPAddress.objects.get(address="203.0.113.6")


@pytest.mark.usefixtures("_unchanged")
@pytest.mark.parametrize(
    ("page", "sent"),
    [
        ("/networks/internet/allocate/", {"project": SHOP, "families": "both", "count": 1, "type": "static"}),
        ("/networks/tenant-super/carve/", {"project": LAB, "type": "child", "families": "both"}),
        ("/networks/internet/edit/", {"name": "mine"}),
        ("/networks/shop-net/delete/", {}),
        ("/machines/m-1/edit/", {"name": "mine"}),
        ("/machines/m-1/release/", {}),
        (f"/projects/{LAB}/edit/", {"name": "mine"}),
        ("/partitions/fra/delete/", {}),
    ],
)
def test_pages_refuse(web: Client, page: str, sent: dict[str, Any]) -> None:
    answer = web.post(page, sent, follow=True)
    assert TOLD in answer.content.decode()


@pytest.mark.usefixtures("_unchanged")
@pytest.mark.parametrize("verb", ["edit", "release"])
def test_pages_of_an_address_refuse(web: Client, verb: str) -> None:
    one = address()
    page = f"/addresses/{one.pk}/edit/" if verb == "edit" else f"/allocations/{one.allocation}/release/"
    assert TOLD in web.post(page, {"name": "mine", "type": "ephemeral"}, follow=True).content.decode()


@pytest.mark.parametrize("page", ["/networks/internet/", "/machines/m-1/", f"/projects/{SHOP}/", "/partitions/fra/"])
def test_page_says_whose_it_is_and_offers_no_change(web: Client, page: str) -> None:
    html = web.get(page).content.decode()
    assert (f"{TOLD}</span>" in html, ">Edit<" in html, ">Allocate" in html, ">Delete<" in html) == (True, *[False] * 3)


@pytest.mark.usefixtures("_unchanged")
@pytest.mark.parametrize("model", [Network, IPAddress, Machine, Project, Partition])
def test_admin_refuses(web: Client, model: Any) -> None:
    one = model.objects.order_by("pk").first()
    for answer in (Keeper(web).change(one, description="mine"), Keeper(web).delete(one)):
        while answer.status_code == 302:
            answer = web.get(answer.headers["Location"])
        assert TOLD in answer.content.decode()


@pytest.mark.usefixtures("_unchanged")
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "ip/allocate", {"networkid": "internet", "projectid": SHOP, "type": "static"}),
        ("POST", "ip", {"ipaddress": "203.0.113.6", "name": "mine"}),
        ("DELETE", "ip/free/203.0.113.6", None),
        ("POST", "network/allocate", {"projectid": LAB, "partitionid": "fra"}),
        ("POST", "network", {"id": "internet", "name": "mine"}),
        ("DELETE", "network/shop-net", None),
        ("POST", "partition", {"id": "fra", "name": "mine"}),
        ("DELETE", f"project/{LAB}", None),
    ],
)
def test_metal_api_refuses(admin: Metal, method: str, path: str, body: Any) -> None:
    with pytest.raises(ApiException) as refusal:
        admin.send(method, path, body)
    assert (refusal.value.status, TOLD in admin.last["message"]) == (422, True)


@pytest.mark.usefixtures("_unchanged")
@pytest.mark.parametrize(
    ("call", "given"),
    [
        ("AcquireIP", {"prefix_cidr": "203.0.113.0/24"}),
        ("ReleaseIP", {"prefix_cidr": "203.0.113.0/24", "ip": "203.0.113.6"}),
        ("AcquireChildPrefix", {"cidr": "10.0.0.0/14", "length": 24}),
        ("ReleaseChildPrefix", {"cidr": "10.0.0.0/22"}),
        ("DeletePrefix", {"cidr": "203.0.113.0/24"}),
    ],
)
def test_go_ipam_refuses(db: None, call: str, given: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        service.answer(call, given)


@pytest.mark.usefixtures("_unchanged")
@pytest.mark.parametrize(
    ("kind", "table"),
    [
        ("networks", "id,name\ninternet,mine\n"),
        ("machines", "id,name\nm-1,mine\n"),
        ("projects", f"id,name\n{LAB},mine\n"),
        ("partitions", "id,name\nfra,mine\n"),
        ("addresses", f"ip,network,project\n203.0.113.7,internet,{SHOP}\n"),
    ],
)
def test_tables_refuse(tmp_path: Any, kind: str, table: str) -> None:
    (tmp_path / "rows.csv").write_text(table)
    with pytest.raises(CommandError, match=TOLD):
        call_command("import_data", str(tmp_path / "rows.csv"), "--kind", kind, "--apply", stdout=io.StringIO())
