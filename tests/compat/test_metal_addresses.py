"""Addresses as metal_python's client asks for them."""

from typing import Any

import pytest
from metal_python import models
from metal_python.rest import ApiException

from ipam.compat.metal_api.addresses import JOIN
from ipam.domain.moving.metal_stack.entries import MACHINE_TAG
from ipam.domain.networks import address_holders, addresses, machines
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import IPAddress, Machine, Network, Partition, Project
from tests.builders import IPV4
from tests.compat.conftest import Metal, refusal


def wanted(project: Project, **changes: Any) -> models.V1IPAllocateRequest:
    fields = {"networkid": "internet", "projectid": str(project.pk), "type": "ephemeral"}
    return models.V1IPAllocateRequest(**fields | changes)


def found(client: Metal, **said: Any) -> list[str]:
    return [one.ipaddress for one in client.ip.find_i_ps(models.V1IPFindRequest(**said))]


def test_answer_has_every_field_of_the_model_and_no_other(edit: Metal, internet: Network, project: Project) -> None:
    edit.ip.allocate_ip(wanted(project))
    assert set(edit.last) == set(models.V1IPResponse.attribute_map.values())


def test_half_without_a_name_takes_that_of_the_other(edit: Metal, internet: Network, project: Project) -> None:
    first = edit.ip.allocate_ip(wanted(project, name="web"))
    joined = wanted(project, addressfamily="IPv6", tags=[f"{JOIN}={first.allocationuuid}"])
    assert edit.ip.allocate_ip(joined).name == "web"


def test_named_address_is_taken_and_taken_once(edit: Metal, internet: Network, project: Project) -> None:
    assert edit.ip.allocate_specific_ip("203.0.113.200", wanted(project)).ipaddress == "203.0.113.200"
    assert refusal(lambda: edit.ip.allocate_specific_ip("203.0.113.200", wanted(project, projectid="x")))[0] == 409
    assert edit.ip.allocate_specific_ip('"2001:db8:0:113::5"', wanted(project)).ipaddress == "2001:db8:0:113::5"


@pytest.mark.parametrize(("said", "status"), [
    ({"networkid": "nowhere"}, 404),
    ({"projectid": "4b9b17c4-2d7c-4190-ae95-dda44e430fa6"}, 404),
    ({"networkid": ""}, 400),
    ({"networkid": "tenants"}, 422),
])  # fmt: skip
def test_refusals_have_the_status_of_metal_api(
    edit: Metal, internet: Network, tenants: Network, project: Project, said: dict[str, Any], status: int
) -> None:
    assert refusal(lambda: edit.ip.allocate_ip(wanted(project, **said)))[0] == status
    assert not IPAddress.objects.exists()


@pytest.mark.parametrize(
    "said",
    [{"type": "eternal"}, {"addressfamily": "ipx"}, {"tags": "a"}, {"tags": [1]}, {"name": 1}, {"name": "x" * 300}],
)
def test_malformed_request_is_400(edit: Metal, internet: Network, project: Project, said: dict[str, Any]) -> None:
    asked = {"networkid": "internet", "projectid": str(project.pk), "type": "ephemeral", **said}
    with pytest.raises(ApiException) as refused:
        edit.send("POST", "ip/allocate", asked)
    assert (refused.value.status, IPAddress.objects.exists()) == (400, False)


def test_address_and_family_exclude_each_other(edit: Metal, internet: Network, project: Project) -> None:
    both = wanted(project, addressfamily="IPv4")
    assert refusal(lambda: edit.ip.allocate_specific_ip("203.0.113.200", both))[0] == 400


def test_change_replaces_what_is_named(edit: Metal, internet: Network, project: Project) -> None:
    held = edit.ip.allocate_ip(wanted(project, name="web", tags=["a=b"])).ipaddress
    changed = edit.ip.update_ip(models.V1IPUpdateRequest(ipaddress=held, type="static", description="d"))
    assert (changed.type, changed.name, changed.description, changed.tags) == ("static", "web", "d", ["a=b"])
    assert edit.ip.update_ip(models.V1IPUpdateRequest(ipaddress=held, type="static", tags=[])).tags == []
    back = models.V1IPUpdateRequest(ipaddress=held, type="ephemeral")
    assert refusal(lambda: edit.ip.update_ip(back))[0] == 422


def test_shared_address_carries_a_tag_for_each_of_its_machines(
    edit: Metal, machine: Machine, internet: Network, project: Project, partition: Partition
) -> None:
    (vip,) = addresses.allocate(internet, project=project, families=[IPV4], type="static", shared="vip")
    joined = [Attachment(network=one.network) for one in machine.attachments.all()]
    other = machines.allocate(id="other", project=project, partition=partition, networks=joined)
    address_holders.set_machines([vip], [machine, other])
    for one in (machine, other):
        assert str(vip) in found(edit, machineid=one.pk)
    (told,) = edit.ip.find_i_ps(models.V1IPFindRequest(ipaddress=str(vip)))
    assert told.tags == sorted(f"{MACHINE_TAG}={key}" for key in (machine.pk, "other"))
    assert refusal(lambda: edit.ip.free_ip(str(vip)))[0] == 400


def test_address_of_a_machine_of_ours_carries_its_tag(edit: Metal, machine: Machine) -> None:
    held = found(edit, machineid=machine.pk)
    assert len(held) == 4
    assert refusal(lambda: edit.ip.free_ip(held[0]))[0] == 400


@pytest.mark.parametrize(("said", "number"), [
    ({}, 2), ({"tags": ["svc=a"]}, 1), ({"tags": ["svc=a", "svc=b"]}, 1), ({"tags": ["svc"]}, 0),
    ({"tags": ["svc=c"]}, 0), ({"name": "web"}, 1), ({"name": "we"}, 0), ({"name": ""}, 1), ({"type": "static"}, 1),
    ({"networkid": "internet"}, 2), ({"addressfamily": "IPv6"}, 1),
    ({"networkprefix": "203.0.113.128/25"}, 1), ({"networkprefix": "203.0.113.128/26"}, 0),
    ({"ipaddress": "203.0.113.129"}, 1), ({"allocationuuid": "nothing"}, 0), ({"machineid": "m"}, 0),
])  # fmt: skip
def test_finds_are_exact(edit: Metal, internet: Network, project: Project, said: dict[str, Any], number: int) -> None:
    edit.ip.allocate_ip(wanted(project, name="web", tags=["svc=b", "svc=a", "svc=a"]))
    edit.ip.allocate_ip(wanted(project, type="static", addressfamily="IPv6"))
    assert len(found(edit, **said)) == number


def test_find_takes_fifty_tags(edit: Metal, internet: Network) -> None:
    many = [f"a={number}" for number in range(51)]
    assert found(edit, tags=many[:50]) == []
    assert refusal(lambda: found(edit, tags=many))[0] == 400
