"""GET search/: one box for everything."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from ipam.domain.networks import addresses, machines, networks, partitions, vrfs
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import IPAddress, Machine, Network, Partition, Project
from tests.api.conftest import codes
from tests.builders import IPV4, cidrs, ip, namespaced, underlay_network
from tests.shared import shared_fixture

KINDS = {"addresses", "prefixes", "networks", "machines", "clusters", "projects", "partitions", "vrfs"}


@shared_fixture
def web(home: Network, project: Project, partition: Partition) -> Machine:
    return machines.allocate(
        id="web-1", name="web", project=project, partition=partition, networks=[Attachment(network=home)]
    )


def find(api: APIClient, text: str) -> dict[str, list[str]]:
    """The texts of the hits, by kind, without kinds that have none."""
    response = api.get("/api/v1/search/", {"q": text})
    assert response.status_code == 200, response.json()
    return {kind: [hit["text"] for hit in hits] for kind, hits in response.json().items() if hits}


def test_every_kind_is_answered_also_without_hits(api: APIClient) -> None:
    answer = api.get("/api/v1/search/", {"q": "nothing"}).json()
    assert answer == {kind: [] for kind in KINDS}


def test_hit_says_what_it_is_and_where(api: APIClient, mini_lab: Network) -> None:
    (hit,) = api.get("/api/v1/search/", {"q": "internet-mini"}).json()["networks"]
    assert hit == {"id": mini_lab.pk, "text": mini_lab.pk, "detail": "external", "network": mini_lab.pk}


def test_address_finds_itself_and_the_prefixes_that_hold_it(api: APIClient, web: Machine) -> None:
    assert find(api, "10.0.0.1") == {"addresses": ["10.0.0.1"], "prefixes": ["10.0.0.0/22", "10.0.0.0/16"]}


def test_ipv6_is_found_however_it_is_written(api: APIClient, web: Machine) -> None:
    assert find(api, "2001:0DB8:0:10:0:0:0:1")["addresses"] == ["2001:db8:0:10::1"]


def test_address_that_nobody_holds_finds_where_it_would_lie(api: APIClient, home: Network) -> None:
    assert find(api, "10.0.0.9") == {"prefixes": ["10.0.0.0/22", "10.0.0.0/16"]}


def details(api: APIClient, text: str, kind: str) -> list[str]:
    return [hit["detail"] for hit in api.get("/api/v1/search/", {"q": text}).json()[kind]]


def test_address_that_nobody_holds_finds_what_its_prefix_would_give(
    api: APIClient, web: Machine, home: Network, tenants: Network
) -> None:
    assert details(api, "10.0.0.9", "prefixes") == [f"{home.pk} · next free 10.0.0.2", tenants.pk]
    assert details(api, "10.0.4.9", "prefixes") == [f"{tenants.pk} · next free 10.0.4.0/22"]


def test_address_that_somebody_holds_needs_no_hint(
    api: APIClient, web: Machine, home: Network, tenants: Network
) -> None:
    assert details(api, "10.0.0.1", "prefixes") == [home.pk, tenants.pk]


def test_address_of_a_full_prefix_finds_that_nothing_is_free(
    api: APIClient, partition: Partition, project: Project
) -> None:
    network = networks.create(underlay_network(partition=partition, prefixes=cidrs("10.9.0.0/31")))
    addresses.allocate(network, project=project, count=2)
    IPAddress.objects.filter(address=ip("10.9.0.1")).delete()  # neither free nor taken
    assert details(api, "10.9.0.1", "prefixes") == [f"{network.pk} · nothing free"]


def test_free_space_of_a_namespaced_network_differs_by_project(api: APIClient, db: None) -> None:
    networks.create(namespaced())
    assert details(api, "100.64.0.9", "prefixes") == ["clusters · free space differs by project"]


@pytest.mark.parametrize("text", ["database", "database-1", "data"])
def test_name_finds_addresses(api: APIClient, home: Network, project: Project, text: str) -> None:
    addresses.allocate(home, project=project, families=[IPV4], name="database-1")
    assert find(api, text)["addresses"] == ["10.0.0.1"]


def test_short_name_finds_addresses(api: APIClient, home: Network, project: Project) -> None:
    addresses.allocate(home, project=project, families=[IPV4], name="db")
    assert find(api, "db")["addresses"] == ["10.0.0.1"]


def test_what_is_called_just_so_comes_first(api: APIClient, db: None) -> None:
    for number in range(12):
        partitions.create(id=f"east-{number:02}")
    partitions.create(id="z-east", name="east")
    assert find(api, "east")["partitions"][:2] == ["east", "east-00"]
    assert len(find(api, "east")["partitions"]) == 10


def test_project_is_found_by_its_whole_id(api: APIClient, project: Project) -> None:
    assert find(api, str(project.pk)) == {"projects": ["alice"]}


def test_cidr_finds_what_lies_in_it(api: APIClient, web: Machine) -> None:
    assert find(api, "10.0.0.0/20") == {"addresses": ["10.0.0.1"], "prefixes": ["10.0.0.0/16", "10.0.0.0/22"]}


def test_part_of_an_address(api: APIClient, mini_lab: Network) -> None:
    assert find(api, "203.0.113.")["addresses"] == ["203.0.113.142"]
    assert find(api, "2001:db8:0:113")["addresses"] == ["2001:db8:0:113::142"]


def test_name_finds_machines(api: APIClient, web: Machine) -> None:
    assert find(api, "WEB")["machines"] == ["web"]


def test_asn_finds_its_machine(api: APIClient, web: Machine) -> None:
    assert find(api, str(web.asn)) == {"machines": ["web"]}


def test_name_finds_projects_and_partitions(api: APIClient, project: Project, partition: Partition) -> None:
    assert find(api, "alice") == {"projects": ["alice"]}
    assert find(api, "mini-l") == {"partitions": ["mini-lab"]}


def test_vni_finds_its_vrf(api: APIClient, db: None) -> None:
    vrfs.create(id=104009)
    assert find(api, "104009") == {"vrfs": ["104009"]}


@pytest.mark.parametrize(
    "text",
    [
        "::ffff:10.0.0.1", "::FFFF:a00:1", "10.0.0.1:443", "https://root@10.0.0.1:8443/login?next=/", "(10.0.0.1),",
        "1.0.0.10.in-addr.arpa", "1.0.0.10.IN-ADDR.ARPA.", "  10.0.0.1 ",
    ],
)  # fmt: skip
def test_pasted_ipv4_address_is_found(api: APIClient, web: Machine, text: str) -> None:
    assert find(api, text)["addresses"] == ["10.0.0.1"]


@pytest.mark.parametrize(
    "text",
    [
        "[2001:db8:0:10::1]:443", "[2001:db8:0:10::1]", "http://[2001:db8:0:10::1]/", "2001:db8:0:10::1%eth0",
        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
    ],
)  # fmt: skip
def test_pasted_ipv6_address_is_found(api: APIClient, web: Machine, text: str) -> None:
    assert find(api, text)["addresses"] == ["2001:db8:0:10::1"]


@pytest.mark.parametrize("text", ["0.0.10.in-addr.arpa", "0.1.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"])
def test_zone_of_reverse_dns_finds_what_lies_in_it(api: APIClient, web: Machine, text: str) -> None:
    assert len(find(api, text)["addresses"]) == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2001:db8:0:1", ["2001:db8:0:113::142"]),
        ("2001:db8:0:11", ["2001:db8:0:113::142"]),
        ("2001:d", ["2001:db8:0:113::142"]),
        ("203.0.1", ["203.0.113.142"]),
        ("20", ["203.0.113.142"]),
        ("203.0.1.", None),
        ("2001:db8:0:1:", None),
    ],
)
def test_half_a_group_is_what_was_typed_so_far(
    api: APIClient, mini_lab: Network, text: str, found: list[str] | None
) -> None:
    assert find(api, text).get("addresses") == found


def test_half_a_group_finds_prefixes_too(api: APIClient, home: Network) -> None:
    assert find(api, "2001:db8:0:1")["prefixes"] == ["2001:db8:0:10::/64", "2001:db8:0:10::/96"]


@pytest.mark.parametrize("name", ["101", "face:b00c", "cafe", "10.0", "2001:db8::"])
def test_name_that_reads_as_a_part_of_an_address_is_found(
    api: APIClient, home: Network, project: Project, name: str
) -> None:
    addresses.allocate(home, project=project, addresses=[ip("10.0.3.9")], name=name)
    assert "10.0.3.9" in find(api, name)["addresses"]


def test_names_and_places_share_the_hits(api: APIClient, home: Network, project: Project) -> None:
    addresses.allocate(home, project=project, families=[IPV4], count=20, name="other")
    addresses.allocate(home, project=project, addresses=[ip("10.0.3.9")], name="10.0.0")
    found = find(api, "10.0.0")["addresses"]
    assert (found[0], found[1], len(found)) == ("10.0.3.9", "10.0.0.1", 10)


@pytest.mark.parametrize("text", ["AS{}", "as{}", "AS {}", "{}"])
def test_asn_is_found_as_people_write_it(api: APIClient, web: Machine, text: str) -> None:
    assert find(api, text.format(web.asn)) == {"machines": ["web"]}


@pytest.mark.parametrize("text", ["lab mini", "MINI lab", "mini-lab"])
def test_words_are_found_in_any_order(api: APIClient, mini_lab: Network, text: str) -> None:
    assert find(api, text) == {"networks": ["internet-mini-lab"], "partitions": ["mini-lab"]}


def test_words_of_a_name_of_an_address_are_found_in_any_order(api: APIClient, home: Network, project: Project) -> None:
    addresses.allocate(home, project=project, families=[IPV4], name="front door")
    addresses.allocate(home, project=project, families=[IPV4], name="front window")
    assert find(api, "door front")["addresses"] == ["10.0.0.1"]


@pytest.mark.parametrize("text", ["52:54:00:ab:cd:ef", "52-54-00-AB-CD-EF", "5254.00ab.cdef", "525400abcdef"])
@pytest.mark.parametrize("stored", ["52:54:00:ab:cd:ef", "52:54:00:AB:CD:EF", "5254.00ab.cdef"])
def test_mac_in_a_label_is_found_however_it_is_written(
    api: APIClient, web: Machine, home: Network, project: Project, text: str, stored: str
) -> None:
    machines.update(web, labels={"mac": stored})
    addresses.allocate(home, project=project, families=[IPV4], labels={"device": "eth0", "hw": stored})
    addresses.allocate(home, project=project, families=[IPV4], labels={"hw": "52:54:00:00:00:00"})
    assert find(api, text) == {"addresses": ["10.0.0.2"], "machines": ["web"]}


@pytest.mark.parametrize(
    ("query", "code"),
    [({}, "required"), ({"q": ""}, "invalid"), ({"q": "  "}, "required"), ({"q": "x" * 256}, "required")],
)
def test_search_for_nothing_is_refused(api: APIClient, query: Any, code: str) -> None:
    response = api.get("/api/v1/search/", query)
    assert (response.status_code, codes(response)) == (400, [("q", code)])


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", '"', "\0", "٣", "1" * 200, "::", "/", "0.0.0.0/0", "::/0", "[x"])
def test_hostile_text_finds_nothing_and_breaks_nothing(api: APIClient, project: Project, text: str) -> None:
    assert find(api, text) == {}


@pytest.mark.parametrize("text", ["http://", "https://@", "http:///x", "::ffff:", "::FFFF:10.0.0.", "::ffff:999.1.1.1"])
def test_what_is_typed_on_the_way_to_an_address_finds_nothing_yet(api: APIClient, text: str) -> None:
    assert api.get("/api/v1/search/", {"q": text}).status_code == 200
    assert api.get("/api/v1/ips/", {"q": text}).status_code == 200


@pytest.mark.parametrize("column", ["id", "allocation"])
def test_address_is_found_by_its_id_and_that_of_its_allocation(
    api: APIClient, home: Network, project: Project, column: str
) -> None:
    (one,) = addresses.allocate(home, project=project, families=[IPV4])
    assert find(api, str(getattr(one, column))) == {"addresses": [str(one)]}
