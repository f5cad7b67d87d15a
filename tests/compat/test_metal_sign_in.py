"""Who may what at metal-api's door: three keys, bearer tokens, and nobody else."""

import hmac
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from metal_python import models

from ipam.domain.people import tokens
from ipam.models import Event, Network, Partition, Project, RoleBinding
from ipam.models.roles import Role
from tests.compat.conftest import KEYS, Metal, refusal


def signed(
    method: str = "GET", *, kind: str = "Admin", key: str = "", age: float = 0, date: str = ""
) -> dict[str, str]:
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=age)
    date = date or moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    said = f"{date}{method}salt".encode()
    signature = hmac.new((key or KEYS[kind.lower()]).encode(), said, sha256).hexdigest()
    return {"Authorization": f"Metal-{kind} {signature}", "X-Date": date, "X-Data-Salt": "salt"}


def ask(headers: dict[str, str], path: str = "network", method: str = "GET") -> tuple[int, Any]:
    answer = Client().generic(method, f"/metal/v1/{path}", headers=headers)
    return answer.status_code, json.loads(answer.content)


def test_request_signed_with_a_key_is_answered(db: None) -> None:
    assert ask(signed()) == (200, [])


def test_bearer_token_of_ours_signs_in(bearer: Metal, internet: Network) -> None:
    assert [one.id for one in bearer.network.list_networks()] == ["internet"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(key="another key"),
        signed(method="POST"),
        signed(date="2026-01-31 12:00:00"),
        signed(date="2026-02-31T12:00:00Z"),
        {"Authorization": "Metal-Admin"},
        {"Authorization": "Metal-Root abc"},
    ],
)
def test_others_are_refused_in_the_shape_of_metal_api(db: None, headers: dict[str, str]) -> None:
    status, body = ask(headers)
    assert (status, body["statuscode"], set(body)) == (401, 401, {"statuscode", "message"})


@pytest.mark.parametrize(("kind", "age", "status"), [
    ("Admin", 80, 200), ("Admin", 100, 401), ("Admin", -80, 200), ("Admin", -100, 401),
    ("Edit", 20, 200), ("Edit", 40, 401), ("View", 20, 200), ("View", 40, 401), ("View", -40, 401),
])  # fmt: skip
def test_signature_is_good_for_a_short_time(db: None, kind: str, age: float, status: int) -> None:
    assert ask(signed(kind=kind, age=age))[0] == status


def test_salt_may_be_long_and_is_signed_whole(db: None) -> None:
    salt = "s" * 400
    headers = signed() | {"X-Data-Salt": salt}
    assert ask(headers)[0] == 401
    said = f"{headers['X-Date']}GET{salt}".encode()
    headers["Authorization"] = f"Metal-Admin {hmac.new(KEYS['admin'].encode(), said, sha256).hexdigest()}"
    assert ask(headers)[0] == 200


def test_without_a_key_nobody_signs_with_it(db: None, settings: Any) -> None:
    settings.METAL_HMAC_KEYS = dict.fromkeys(KEYS, "")
    for kind in ("Admin", "Edit", "View"):
        assert ask(signed(kind=kind))[0] == 401


def test_account_that_is_switched_off_signs_in_no_more(db: None) -> None:
    ask(signed())
    User.objects.update(is_active=False)
    assert ask(signed())[0] == 401


def test_door_is_shut_unless_the_setting_opens_it(db: None, settings: Any) -> None:
    settings.METAL_API = False
    assert ask(signed())[0] == 404
    assert ask({}, "version")[0] == 404


@pytest.mark.parametrize("path", ["machine", "machine/find", "network/x/y", "", "size"])
def test_what_is_not_served_is_not_found(db: None, path: str) -> None:
    assert ask(signed(), path)[1]["statuscode"] == 404


def test_version_and_health_are_open_and_load(db: None) -> None:
    nobody = Metal(user="Metal-View", key="wrong")
    assert nobody.version.info().name == "metal-api"
    assert nobody.health.health().status == "healthy"


def test_editor_takes_and_gives_back_in_every_project_and_changes_nothing_else(
    edit: Metal, tenants: Network, internet: Network, project: Project
) -> None:
    of = {"projectid": str(project.pk)}
    child = edit.network.allocate_network(models.V1NetworkAllocateRequest(partitionid="mini-lab", shared=True, **of))
    held = edit.ip.allocate_ip(models.V1IPAllocateRequest(networkid=child.id, type="ephemeral", **of))
    edit.ip.update_ip(models.V1IPUpdateRequest(ipaddress=held.ipaddress, type="static"))
    edit.ip.free_ip(held.ipaddress)
    for refused in (
        lambda: edit.network.update_network(models.V1NetworkUpdateRequest(id=child.id, name="x")),
        lambda: edit.network.delete_network(child.id),
        lambda: edit.partition.update_partition(
            models.V1PartitionUpdateRequest(id="mini-lab", dns_servers=[], ntp_servers=[])
        ),
        lambda: edit.partition.delete_partition("mini-lab"),
        lambda: edit.project.create_project(models.V1ProjectCreateRequest(tenant_id="x")),
        lambda: edit.project.update_project(models.V1ProjectUpdateRequest(meta=models.V1Meta(id=str(project.pk)))),
        lambda: edit.network.update_network(models.V1NetworkUpdateRequest(id="internet", name="x")),
        lambda: edit.network.update_network(models.V1NetworkUpdateRequest(id="internet", name="")),
        lambda: edit.network.delete_network("internet"),
        lambda: edit.partition.create_partition(models.V1PartitionCreateRequest(id="fra", bootconfig={})),
        lambda: edit.project.delete_project(str(project.pk)),
    ):
        assert refusal(refused)[0] == 403
    assert edit.network.free_network(child.id).shared


def test_owner_changes_what_is_of_the_own_project_by_a_token(
    django_user_model: Any, tenants: Network, internet: Network, project: Project
) -> None:
    owner = django_user_model.objects.create_user("olga")
    RoleBinding.objects.create(user=owner, project=project, role=Role.OWNER)
    olga = Metal(bearer=tokens.issue(owner, name="metal"))
    of = {"projectid": str(project.pk), "partitionid": "mini-lab"}
    child = olga.network.allocate_network(models.V1NetworkAllocateRequest(**of))
    assert olga.network.update_network(models.V1NetworkUpdateRequest(id=child.id, name="x")).name == "x"
    assert refusal(lambda: olga.network.update_network(models.V1NetworkUpdateRequest(id="internet")))[0] == 403
    assert olga.network.delete_network(child.id).id == child.id


def test_viewer_sees_all_and_changes_nothing(view: Metal, internet: Network, project: Project) -> None:
    assert len(view.network.list_networks()) == len(view.project.list_projects()) == 1
    wanted = models.V1IPAllocateRequest(networkid="internet", projectid=str(project.pk), type="ephemeral")
    assert refusal(lambda: view.ip.allocate_ip(wanted))[0] == 403
    for path in ("network/nowhere", "network/free/nowhere", "ip/free/10.0.0.1", "partition/nowhere", "project/x"):
        assert refusal(lambda path=path: view.send("DELETE", path, None))[0] == 403  # before it is looked for
    nothing = models.V1NetworkUpdateRequest(id="nowhere", name="x")
    assert refusal(lambda: view.network.update_network(nothing))[0] == 403  # before it is looked for


def test_history_names_the_account_and_the_door(admin: Metal) -> None:
    admin.partition.create_partition(models.V1PartitionCreateRequest(id="fra", bootconfig={}))
    event = Event.objects.get(kind="partition")
    assert (event.actor, event.door, event.object_id) == ("metal-admin@metal-api", "metal-api", "fra")
    assert Partition.objects.filter(pk="fra").exists()
