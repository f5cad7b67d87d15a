"""Gateways over the API: with a new prefix, and by PATCH."""

from rest_framework.test import APIClient

from ipam.models import Network


def patch(api: APIClient, network: Network, body: object) -> tuple[int, object]:
    answer = api.patch(f"/api/v1/prefixes/{network.prefixes.get(family=4).pk}/", body, format="json")
    return answer.status_code, answer.json().get("gateway", answer.json().get("code"))


def test_prefix_takes_a_gateway_and_lets_it_go(api: APIClient, internet: Network) -> None:
    assert patch(api, internet, {"gateway": "203.0.113.129"}) == (200, "203.0.113.129")
    assert patch(api, internet, {"gateway": None}) == (200, None)


def test_what_is_no_gateway_is_told(api: APIClient, internet: Network) -> None:
    assert patch(api, internet, {"gateway": "203.0.113.1"}) == (400, "not_in_prefix")
    assert patch(api, internet, {"gateway": "203.0.113.128"}) == (400, "reserved_address")
    assert patch(api, internet, {"gateway": "1"}) == (400, "invalid")


def test_new_networks_and_prefixes_come_with_gateways(api: APIClient) -> None:
    entries = [{"prefix": "192.0.2.0/24", "gateway": "192.0.2.1"}, "2001:db8:2::/64"]
    body = {"type": "external", "id": "edge", "vrf": 9, "prefixes": entries}
    assert api.post("/api/v1/networks/", body, format="json").status_code == 201
    added = {"prefix": "198.51.100.0/24", "gateway": "198.51.100.1"}
    assert api.post("/api/v1/networks/edge/prefixes/", added, format="json").status_code == 201
    listed = api.get("/api/v1/prefixes/?network=edge").json()["results"]
    assert {one["prefix"]: one["gateway"] for one in listed} == {
        "192.0.2.0/24": "192.0.2.1",
        "198.51.100.0/24": "198.51.100.1",
        "2001:db8:2::/64": None,
    }


def test_prefix_objects_know_no_other_fields(api: APIClient) -> None:
    body = {"type": "external", "id": "edge", "vrf": 9, "prefixes": [{"prefix": "192.0.2.0/24", "gatway": "192.0.2.1"}]}
    answer = api.post("/api/v1/networks/", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_field")
