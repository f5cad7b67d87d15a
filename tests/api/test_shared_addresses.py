"""Shared addresses: anycast and VIPs, which several machines have at once."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from ipam.domain.health import doctor
from ipam.domain.networks import addresses, completion, machines, networks
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import AddressHolder, Event, IPAddress, Machine, Network, Partition, Project, Tenure
from tests.api.conftest import results
from tests.builders import IPV4, IPV6, cidrs, external
from tests.shared import shared_fixture

IPS = "/api/v1/ips/"
VIP = "203.0.113.129"


@shared_fixture
def nodes(private: Network, internet: Network, project: Project, partition: Partition) -> list[Machine]:
    """Three, in the private network and in that to the outside, where they have no addresses of their own."""
    joined = [Attachment(network=private), Attachment(network=internet, auto=False)]
    return [
        machines.allocate(id=key, name=key, project=project, partition=partition, networks=joined)
        for key in ("n1", "n2", "n3")
    ]


@shared_fixture
def vip(internet: Network, project: Project) -> IPAddress:
    wanted = {"type": "static", "shared": "vip", "name": "vip"}
    return addresses.allocate(internet, project=project, families=[IPV4], **wanted)[0]


@pytest.fixture(autouse=True)
def _all_adds_up(db: None) -> Any:
    yield
    assert [one.sentence for one in doctor.examine()] == []


def patch(api: APIClient, one: IPAddress, **body: Any) -> Any:
    return api.patch(f"{IPS}{one.pk}/", body)


def held_by(api: APIClient, one: IPAddress) -> tuple[str | None, list[str]]:
    told = api.get(f"{IPS}{one.pk}/").json()
    return told["machine"], told["machines"]


def outside(api: APIClient, machine: str) -> list[str]:
    told = api.get(f"/api/v1/machines/{machine}/").json()["networks"]
    return next(one["ips"] for one in told if one["network"] == "internet")


def refusal(answer: Any) -> tuple[int, str, str]:
    told = answer.json()
    return answer.status_code, told["code"], told["errors"][0]["field"]


# --- taking one -----------------------------------------------------------------------------------
@pytest.mark.parametrize("shared", ["anycast", "vip"])
def test_shared_pair_is_taken(api: APIClient, internet: Network, project: Project, shared: str) -> None:
    asked = {"network": "internet", "project": str(project.pk), "type": "static", "shared": shared}
    told = api.post(IPS, asked).json()["ips"]
    assert [(one["shared"], one["machine"], one["machines"]) for one in told] == [(shared, None, [])] * 2
    assert set(IPAddress.objects.values_list("shared", flat=True)) == {shared}


@pytest.mark.parametrize("type", [{}, {"type": "ephemeral"}])
def test_shared_address_is_static(api: APIClient, internet: Network, project: Project, type: dict[str, str]) -> None:
    answer = api.post(IPS, {"network": "internet", "project": str(project.pk), "shared": "vip", **type})
    assert refusal(answer) == (400, "invalid", "shared")
    assert not IPAddress.objects.exists()


def test_ordinary_address_is_shared_as_nothing(api: APIClient, internet: Network, project: Project) -> None:
    told = api.post(IPS, {"network": "internet", "project": str(project.pk), "shared": None}).json()["ips"]
    assert [one["shared"] for one in told] == [None, None]


# --- attaching and taking off ---------------------------------------------------------------------
def test_machines_are_attached_one_by_one_and_taken_off_together(
    api: APIClient, nodes: list[Machine], vip: IPAddress
) -> None:
    assert patch(api, vip, machine="n2").json()["machines"] == ["n2"]
    assert patch(api, vip, machine="n1").json()["machines"] == ["n2", "n1"]
    assert patch(api, vip, machine="n1").json()["machines"] == ["n2", "n1"]
    assert (held_by(api, vip), outside(api, "n1"), outside(api, "n2"), outside(api, "n3")) == (
        ("n2", ["n2", "n1"]), [VIP], [VIP], [],
    )  # fmt: skip
    assert patch(api, vip, machine=None).json()["machines"] == []
    assert (held_by(api, vip), outside(api, "n1"), AddressHolder.objects.count()) == ((None, []), [], 0)


@pytest.mark.parametrize("wanted", [["n1"], ["n3"], ["n3", "n1"], ["n1", "n2", "n3"], ["n3", "n2", "n1"], []])
def test_machines_are_named_as_a_whole(api: APIClient, nodes: list[Machine], vip: IPAddress, wanted: list[str]) -> None:
    patch(api, vip, machines=["n1", "n2"])
    assert patch(api, vip, machines=wanted, name="web").json()["machines"] == wanted
    assert held_by(api, vip) == (wanted[0] if wanted else None, wanted)
    assert {key: outside(api, key) for key in ("n1", "n2", "n3")} == {
        key: [VIP] if key in wanted else [] for key in ("n1", "n2", "n3")
    }


def test_ordinary_address_has_one_machine_at_most(
    api: APIClient, nodes: list[Machine], internet: Network, project: Project
) -> None:
    (one,) = addresses.allocate(internet, project=project, families=[IPV4], type="static")
    assert refusal(patch(api, one, machines=["n1", "n2"])) == (400, "invalid", "machines")
    assert patch(api, one, machines=["n1"]).json()["machines"] == ["n1"]
    assert patch(api, one, machines=[]).json()["machines"] == []


@pytest.mark.parametrize("asked", [{"machines": ["n1", "n1"]}, {"machine": "n1", "machines": ["n2"]}])
def test_machines_are_named_once(api: APIClient, nodes: list[Machine], vip: IPAddress, asked: dict[str, Any]) -> None:
    assert refusal(patch(api, vip, **asked)) == (400, "invalid", "machines")
    assert held_by(api, vip) == (None, [])


def test_every_machine_is_in_the_network(
    api: APIClient, nodes: list[Machine], vip: IPAddress, private: Network, project: Project, partition: Partition
) -> None:
    joined = [Attachment(network=private)]
    machines.allocate(id="inside", project=project, partition=partition, networks=joined)
    assert refusal(patch(api, vip, machines=["n1", "inside"])) == (400, "network_not_usable", "machine")
    assert refusal(patch(api, vip, machines=["n1", "n9"])) == (404, "not_found", "machine")
    assert held_by(api, vip) == (None, [])


def test_events_name_all_machines_and_the_tenure_the_first(
    api: APIClient, nodes: list[Machine], vip: IPAddress
) -> None:
    for machine in ("n2", "n1", None):
        patch(api, vip, machine=machine)
    said = [one.changes["machines"] for one in Event.objects.filter(verb="update").order_by("pk")]
    assert said == [[[], ["n2"]], [["n2"], ["n2", "n1"]], [["n2", "n1"], []]]
    assert list(Tenure.objects.filter(address=vip.address).order_by("pk").values_list("machine_id", flat=True)) == [
        *("", "n2", ""),
    ]


# --- machines -------------------------------------------------------------------------------------
def make(api: APIClient, private: Network, project: Project, *ips: str) -> Any:
    joined = [{"network": private.pk}, {"network": "internet", "ips": list(ips)}]
    wanted = {"id": "new", "project": str(project.pk), "partition": "mini-lab", "networks": joined}
    return api.post("/api/v1/machines/", wanted)


def test_machine_is_made_with_an_address_that_others_have(
    api: APIClient, nodes: list[Machine], vip: IPAddress, private: Network, project: Project
) -> None:
    patch(api, vip, machine="n1")
    told = make(api, private, project, VIP).json()
    assert [one["ips"] for one in told["networks"] if one["network"] == "internet"] == [[VIP]]
    assert (held_by(api, vip), outside(api, "new")) == (("n1", ["n1", "new"]), [VIP])


def test_machine_is_made_with_a_shared_address_of_nobody(
    api: APIClient, nodes: list[Machine], vip: IPAddress, private: Network, project: Project
) -> None:
    assert make(api, private, project, VIP).status_code == 201
    assert held_by(api, vip) == ("new", ["new"])


def test_address_is_named_once_when_a_machine_is_made(
    api: APIClient, nodes: list[Machine], vip: IPAddress, private: Network, project: Project
) -> None:
    assert refusal(make(api, private, project, VIP, VIP)) == (400, "invalid", "networks.ips")


def test_address_that_is_not_shared_is_still_one_machines(
    api: APIClient, nodes: list[Machine], internet: Network, private: Network, project: Project
) -> None:
    (one,) = addresses.allocate(internet, project=project, families=[IPV4], type="static", machine=nodes[0])
    assert refusal(make(api, private, project, str(one))) == (409, "in_use", "networks.ips")


@pytest.mark.parametrize(("gone", "left"), [("n1", ["n2", "n3"]), ("n2", ["n1", "n3"]), ("n3", ["n1", "n2"])])
def test_address_stays_with_the_others_when_a_machine_goes(
    api: APIClient, nodes: list[Machine], vip: IPAddress, gone: str, left: list[str]
) -> None:
    patch(api, vip, machines=["n1", "n2", "n3"])
    assert api.delete(f"/api/v1/machines/{gone}/").status_code == 204
    assert (held_by(api, vip), IPAddress.objects.get(pk=vip.pk).generation) == ((left[0], left), 3)
    assert Event.objects.about("internet", vip.address).filter(verb="release", object_id=gone).count() == 1
    for key in left:
        machines.release(Machine(pk=key))
    assert held_by(api, vip) == (None, [])


def test_address_is_not_released_while_any_machine_has_it(api: APIClient, nodes: list[Machine], vip: IPAddress) -> None:
    patch(api, vip, machines=["n1", "n2"])
    answer = api.delete(f"{IPS}{vip.pk}/")
    assert (answer.status_code, answer.json()["code"]) == (409, "in_use")
    assert answer.json()["detail"] == f"{VIP} is shared by machine n1 and 1 more. Take it off all of them first."
    patch(api, vip, machine=None)
    assert api.delete(f"{IPS}{vip.pk}/").status_code == 204


def test_release_is_undone_as_shared(api: APIClient, vip: IPAddress) -> None:
    api.delete(f"{IPS}{vip.pk}/")
    event = Event.objects.latest("pk")
    assert api.post(f"/api/v1/events/{event.pk}/undo/").status_code == 200
    assert api.get(f"{IPS}{vip.pk}/").json()["shared"] == "vip"


# --- lists ----------------------------------------------------------------------------------------
def test_lists_find_it_by_each_of_its_machines(api: APIClient, nodes: list[Machine], vip: IPAddress) -> None:
    patch(api, vip, machines=["n1", "n2"])
    assert [VIP in results(api.get(f"{IPS}?machine={key}"), "ip") for key in ("n1", "n2", "n3")] == [True, True, False]
    assert results(api.get(f"{IPS}?shared=vip"), "ip") == results(api.get(f"{IPS}?machine=n2&type=static"), "ip")
    assert VIP not in results(api.get(f"{IPS}?shared=null"), "ip")
    assert results(api.get(f"/api/v1/machines/?ip={VIP}")) == ["n1", "n2"]
    assert results(api.get(f"/api/v1/machines/?q={VIP}")) == ["n1", "n2"]
    listed = {one["id"]: one["networks"][1]["ips"] for one in api.get("/api/v1/machines/").json()["results"]}
    assert listed == {"n1": [VIP], "n2": [VIP], "n3": []}
    (row,) = api.get(f"{IPS}?shared=vip").json()["results"]
    assert row["machines"] == ["n1", "n2"]


def test_lists_ask_for_holders_once(
    api: APIClient, nodes: list[Machine], internet: Network, project: Project, django_assert_num_queries: Any
) -> None:
    many = addresses.allocate(internet, project=project, count=5, type="static", shared="anycast", machine=nodes[0])
    AddressHolder.objects.bulk_create([AddressHolder(address=one, machine_id="n2") for one in many])
    for query, number in (("shared=null", 2), ("shared=anycast", 3)):
        with django_assert_num_queries(number):
            told = api.get(f"{IPS}?{query}").json()["results"]
    assert [one["machines"] for one in told] == [["n1", "n2"]] * 10


# --- what stands beside ---------------------------------------------------------------------------
def test_counterpart_of_a_shared_address_is_shared_by_the_same_machines(
    api: APIClient, nodes: list[Machine], internet: Network, vip: IPAddress
) -> None:
    patch(api, vip, machines=["n2", "n1"])
    (other,) = completion.complete(internet, IPV6).completed
    assert held_by(api, other) == ("n2", ["n2", "n1"])
    assert api.get(f"{IPS}{other.pk}/").json()["shared"] == "vip"


def test_shared_address_moves_only_where_all_of_its_machines_are(
    api: APIClient, nodes: list[Machine], vip: IPAddress
) -> None:
    networks.create(external(id="next", vrf=12, prefixes=cidrs("192.0.2.0/24"), destination_prefixes=()))
    patch(api, vip, machines=["n1", "n2"])
    answer = api.post(f"{IPS}{vip.pk}/move/", {"network": "next"})
    assert (answer.status_code, answer.json()["code"]) == (400, "network_not_usable")
