"""What people write for addresses, CIDRs and ids is refused with what to write instead, wherever it comes in."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from ipam.domain.networks import networks
from ipam.models import Network, Partition, Project
from tests.builders import cidrs, external

DOUBTFUL = {
    "010.0.0.0/8": "10.0.0.0/8",
    "10.0.0.0/255.0.0.0": "10.0.0.0/8",
    " 10.0.0.0/8": "10.0.0.0/8",
    "10.0.0.0-10.0.0.255": "10.0.0.0/24",
    "::ffff:10.0.0.0/104": "10.0.0.0/8",
}


def problem(response: Any) -> tuple[int, list[str], str]:
    body = response.json()
    return response.status_code, [error["code"] for error in body["errors"]], body["detail"]


def external_network(**changes: Any) -> dict[str, Any]:
    return {"type": "external", "id": "made", "vrf": 7, "prefixes": ["10.0.0.0/24"], **changes}


@pytest.mark.parametrize("text", DOUBTFUL)
def test_cidr_in_a_body_comes_back_with_the_form_to_write(text: str, api: APIClient) -> None:
    status, codes, detail = problem(api.post("/api/v1/networks/", external_network(prefixes=[text]), format="json"))
    assert (status, codes) == (400, ["invalid_cidr"])
    assert detail.endswith(f"write {DOUBTFUL[text]} instead.")


@pytest.mark.parametrize("text", DOUBTFUL)
def test_cidr_in_a_filter_comes_back_with_the_form_to_write(text: str, api: APIClient) -> None:
    status, codes, detail = problem(api.get("/api/v1/ips/", {"within": text}))
    assert (status, codes) == (400, ["invalid"])
    assert detail.endswith(f"write {DOUBTFUL[text]} instead.")


@pytest.mark.parametrize("text", ["203.0.113.130/25", " 203.0.113.130", "203.0.113.130%eth0", "203.000.113.130"])
def test_address_comes_back_with_the_form_to_write(
    text: str, api: APIClient, mini_lab: Network, project: Project
) -> None:
    body = {"network": mini_lab.pk, "project": str(project.pk), "ip": text}
    for response in (api.post("/api/v1/ips/", body, format="json"), api.get("/api/v1/ips/", {"ip": text})):
        assert problem(response)[2].endswith("write 203.0.113.130 instead.")


@pytest.mark.parametrize("text", ["127.0.0.0/24", "255.255.255.255/32", "fe80::/64", "ff02::1/128", "::/128"])
def test_space_that_is_never_used_is_refused_by_its_code(text: str, api: APIClient) -> None:
    status, codes, _ = problem(api.post("/api/v1/networks/", external_network(prefixes=[text]), format="json"))
    assert (status, codes) == (400, ["range_not_usable"])


def test_address_that_is_never_used_is_refused_by_its_code(api: APIClient, project: Project) -> None:
    networks.create(external(prefixes=cidrs("0.0.0.0/0", "::/0")))
    for text in ("127.0.0.1", "224.0.0.1", "ff02::1", "fe80::1", "::", "255.255.255.255"):
        body = {"network": "internet", "project": str(project.pk), "ip": text}
        assert problem(api.post("/api/v1/ips/", body, format="json"))[:2] == (400, ["range_not_usable"])


def test_id_that_is_a_page_or_a_verb_is_refused_by_its_code(api: APIClient, partition: Partition) -> None:
    new = api.post("/api/v1/networks/", external_network(id="new"), format="json")
    assert problem(new) == (
        400,
        ["reserved_id"],
        "“new” is a page here, which would hide the network. Choose another id.",
    )
    assert problem(api.post("/api/v1/partitions/", {"id": "New"}, format="json"))[:2] == (400, ["reserved_id"])
    assert problem(api.post("/api/v1/partitions/", {"id": "MINI-LAB"}, format="json"))[:2] == (409, ["already_exists"])


def test_widening_says_what_to_add_beside(api: APIClient, mini_lab: Network) -> None:
    wider = {"prefixes": ["203.0.113.0/24", "2001:db8:0:113::/64"]}
    status, codes, detail = problem(api.patch(f"/api/v1/networks/{mini_lab.pk}/", wider, format="json"))
    assert (status, codes) == (409, ["overlap"])
    assert detail.endswith("resize that, or keep 203.0.113.128/25 and add 203.0.113.0/25 beside it.")
