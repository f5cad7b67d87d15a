"""PATCH ips/{id}/ with a machine: a static address is attached to it, or taken off, while the machine goes on."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from ipam.domain.health import doctor
from ipam.domain.networks import addresses, claims, machines
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Event, IPAddress, Machine, Network, Partition, Project, Tenure
from tests.builders import IPV4, ip
from tests.shared import shared_fixture


@shared_fixture
def node(private: Network, internet: Network, project: Project, partition: Partition) -> Machine:
    """In the private network and in that to the outside, where it has no address yet."""
    joined = [Attachment(network=private), Attachment(network=internet, auto=False)]
    return machines.allocate(id="node", name="node", project=project, partition=partition, networks=joined)


@shared_fixture
def vip(internet: Network, project: Project) -> IPAddress:
    (one,) = addresses.allocate(internet, project=project, families=[IPV4], type="static", name="vip")
    return one


@pytest.fixture(autouse=True)
def _all_adds_up(db: None) -> Any:
    yield
    assert [one.sentence for one in doctor.examine()] == []


def patch(api: APIClient, one: IPAddress, query: str = "", **body: Any) -> Any:
    return api.patch(f"/api/v1/ips/{one.pk}/{query}", body)


def refusal(answer: Any) -> tuple[int, str, str]:
    told = answer.json()
    return answer.status_code, told["code"], told["errors"][0]["field"]


def outside(api: APIClient, machine: str = "node") -> list[str]:
    """What the machine's networks list in that to the outside."""
    told = api.get(f"/api/v1/machines/{machine}/").json()["networks"]
    return next(one["ips"] for one in told if one["network"] == "internet")


def test_static_address_is_attached_and_taken_off(api: APIClient, node: Machine, vip: IPAddress) -> None:
    assert patch(api, vip, machine="node").json()["machine"] == "node"
    assert outside(api) == ["203.0.113.129"]
    assert patch(api, vip, machine=None).json()["machine"] is None
    assert outside(api) == []


def test_event_names_the_machine_before_and_after_and_tenures_tell_it(
    api: APIClient, node: Machine, vip: IPAddress
) -> None:
    patch(api, vip, machine="node")
    patch(api, vip, machine=None)
    told = [(one.verb, one.object_name, one.changes) for one in Event.objects.order_by("-pk")[:2]]
    assert told == [
        ("update", "vip", {"machine": ["node", None]}),
        ("update", "vip", {"machine": [None, "node"]}),
    ]
    held = Tenure.objects.filter(address=vip.address).order_by("pk")
    assert [(one.machine_id, one.until is None) for one in held] == [("", False), ("node", False), ("", True)]


def test_address_goes_from_machine_to_machine_at_once(
    api: APIClient, node: Machine, vip: IPAddress, private: Network, internet: Network
) -> None:
    joined = [Attachment(network=private), Attachment(network=internet, auto=False)]
    machines.allocate(id="other", project=node.project, partition=node.partition, networks=joined)
    patch(api, vip, machine="node")
    patch(api, vip, machine="other")
    assert (outside(api), outside(api, "other")) == ([], ["203.0.113.129"])
    assert Event.objects.latest("pk").changes == {"machine": ["node", "other"]}


def test_attaching_again_changes_no_holder(api: APIClient, node: Machine, vip: IPAddress) -> None:
    patch(api, vip, machine="node")
    before = Tenure.objects.count()
    assert patch(api, vip, machine="node", name="web").json()["name"] == "web"
    assert Tenure.objects.count() == before


def test_other_fields_change_with_it_or_nothing_does(api: APIClient, node: Machine, internet: Network) -> None:
    (one,) = addresses.allocate(internet, project=node.project, families=[IPV4])
    assert refusal(patch(api, one, machine="node", name="web")) == (409, "in_use", "machine")
    told = patch(api, one, machine="node", name="web", type="static").json()
    assert (told["machine"], told["name"], told["type"], told["generation"]) == ("node", "web", "static", 2)
    assert refusal(patch(api, one, machine=None, name="db", type="ephemeral")) == (400, "static_to_ephemeral", "type")
    one.refresh_from_db()
    assert (one.machine_id, one.name) == ("node", "web")


def test_claimed_address_stays_its_controllers(api: APIClient, node: Machine, internet: Network) -> None:
    found = claims.claim(internet, project=node.project, name="svc", families=[IPV4])
    one = IPAddress.objects.get(allocation=found.allocation)
    answer = patch(api, one, machine="node", type="static")
    assert (answer.status_code, answer.json()["code"]) == (409, "in_use")


@pytest.mark.parametrize("machine", ["node", None])
def test_ephemeral_address_stays_where_it_is(api: APIClient, node: Machine, machine: str | None) -> None:
    one = node.addresses.earliest("address")
    answer = patch(api, one, machine=machine)
    assert refusal(answer) == (409, "in_use", "machine")
    assert answer.json()["detail"].startswith("10.0.0.1 is ephemeral: it comes and goes with its machine.")
    assert IPAddress.objects.get(pk=one.pk).machine_id == "node"


def test_machine_is_in_the_network_of_the_address(
    api: APIClient, vip: IPAddress, private: Network, project: Project, partition: Partition
) -> None:
    joined = [Attachment(network=private)]
    machines.allocate(id="inside", project=project, partition=partition, networks=joined)
    assert refusal(patch(api, vip, machine="inside")) == (400, "network_not_usable", "machine")


def test_machine_is_of_the_project_of_the_address(
    api: APIClient, node: Machine, internet: Network, stranger: Project
) -> None:
    (foreign,) = addresses.allocate(internet, project=stranger, families=[IPV4], type="static")
    assert refusal(patch(api, foreign, machine="node")) == (400, "wrong_project", "machine")


def test_machine_that_is_not_there_is_not_found(api: APIClient, vip: IPAddress) -> None:
    assert refusal(patch(api, vip, machine="node-9")) == (404, "not_found", "machine")


def test_dry_run_attaches_nothing(api: APIClient, node: Machine, vip: IPAddress) -> None:
    told = patch(api, vip, "?dry_run=true", machine="node").json()
    assert (told["machine"], told["dry_run"], outside(api)) == ("node", True, [])


def test_attached_address_is_not_released_and_outlives_its_machine(
    api: APIClient, node: Machine, vip: IPAddress
) -> None:
    patch(api, vip, machine="node")
    assert api.delete(f"/api/v1/ips/{vip.pk}/").json()["code"] == "in_use"
    machines.release(node)
    assert (IPAddress.objects.get().address, IPAddress.objects.get().machine_id) == (ip("203.0.113.129"), None)
    assert api.delete(f"/api/v1/ips/{vip.pk}/").status_code == 204


def test_allocation_of_what_was_attached_since_is_not_undone(api: APIClient, node: Machine, internet: Network) -> None:
    wanted = {"network": "internet", "project": str(node.project_id), "type": "static"}
    told = api.post("/api/v1/ips/", wanted).json()["ips"][0]
    event = Event.objects.latest("pk")
    patch(api, IPAddress.objects.get(pk=told["id"]), machine="node")
    answer = api.post(f"/api/v1/events/{event.pk}/undo/")
    assert (answer.status_code, answer.json()["code"]) == (409, "changed_since")
