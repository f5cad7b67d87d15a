"""A prefix may say that its ends are no more reserved than other addresses."""

from typing import Any

from rest_framework.test import APIClient

from ipam.models import Network, Prefix, Project
from tests.api.conftest import codes, lay, take, use
from tests.builders import free_blocks


def say(api: APIClient, network: Network, **body: Any) -> Any:
    return api.patch(f"/api/v1/prefixes/{network.prefixes.get().pk}/", body)


def test_every_address_is_given_where_ends_are_not_reserved(api: APIClient, small: Network, project: Project) -> None:
    told = say(api, small, reserve_ends=False).json()
    assert (told["reserve_ends"], told["generation"]) == (False, 2)
    assert use(api, small) == {"used": "0", "reserved": "0", "cooling": "0", "available": "16"}
    assert take(api, small, project).json()["ips"][0]["ip"] == "198.51.100.0"
    assert take(api, small, project, ip="198.51.100.15").status_code == 201


def test_ends_are_reserved_again_while_nobody_holds_them(api: APIClient, small: Network, project: Project) -> None:
    before = free_blocks(small)
    say(api, small, reserve_ends=False)
    held = take(api, small, project).json()["ips"][0]
    answer = say(api, small, reserve_ends=True)
    assert (answer.status_code, codes(answer)) == (409, [("reserve_ends", "in_use")])
    assert answer.json()["detail"].startswith("198.51.100.0 would be a reserved end of 198.51.100.0/28")
    api.delete(f"/api/v1/ips/{held['id']}/")
    assert say(api, small, reserve_ends=True).json()["reserve_ends"] is True
    assert free_blocks(small) == before
    assert use(api, small)["reserved"] == "2"


def test_ends_in_a_range_belong_to_it(api: APIClient, small: Network) -> None:
    lay(api, small, first="198.51.100.0", last="198.51.100.3")
    say(api, small, reserve_ends=False)
    assert use(api, small) == {"used": "0", "reserved": "4", "cooling": "0", "available": "12"}
    say(api, small, reserve_ends=True)
    assert use(api, small) == {"used": "0", "reserved": "5", "cooling": "0", "available": "11"}


def test_new_network_and_new_prefix_say_it_of_theirs(api: APIClient) -> None:
    wanted = {"prefix": "198.51.100.0/30", "reserve_ends": False}
    body = {"type": "external", "id": "pool", "vrf": 9, "prefixes": [wanted]}
    assert api.post("/api/v1/networks/", body).json()["consumption"]["ipv4"]["available_ips"] == "4"
    more = {"prefix": "198.51.100.8/30", "reserve_ends": False, "gateway": "198.51.100.8"}
    assert api.post("/api/v1/networks/pool/prefixes/", more).json()["consumption"]["ipv4"]["available_ips"] == "7"
    assert list(Prefix.objects.values_list("reserve_ends", flat=True)) == [False, False]


def test_gateway_may_be_an_end_that_is_not_reserved(api: APIClient, small: Network) -> None:
    assert codes(say(api, small, gateway="198.51.100.0")) == [("gateway", "reserved_address")]
    assert say(api, small, gateway="198.51.100.0", reserve_ends=False).status_code == 200
    assert use(api, small) == {"used": "0", "reserved": "1", "cooling": "0", "available": "15"}
    assert codes(say(api, small, reserve_ends=True)) == [("gateway", "reserved_address")]


def test_gateway_lies_in_any_range(api: APIClient, small: Network) -> None:
    lay(api, small, prefix="198.51.100.0/29")
    assert say(api, small, gateway="198.51.100.1").status_code == 200
    assert use(api, small)["reserved"] == "9"
    say(api, small, gateway=None)
    assert use(api, small) == {"used": "0", "reserved": "9", "cooling": "0", "available": "7"}


def test_super_network_has_no_ends(api: APIClient, tenants: Network) -> None:
    prefix = tenants.prefixes.first()
    assert prefix is not None
    answer = api.patch(f"/api/v1/prefixes/{prefix.pk}/", {"reserve_ends": False})
    assert codes(answer) == [("reserve_ends", "network_not_usable")]
