"""Every filter of every list; an unknown one or a malformed value is refused by name, never ignored."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from ipam.domain.networks import addresses, machines, networks, partitions, projects, vrfs
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Network, Project
from tests.api.conftest import codes, results
from tests.builders import IPV4, child, cidrs, super_network
from tests.shared import shared_fixture

NOBODY = "00000000-0000-4000-8000-000000000000"
SHOWN = {"ips": "ip", "prefixes": "prefix", "vrfs": "id"}


@shared_fixture
def world(mini_lab: Network, tenants: Network, project: Project, stranger: Project) -> dict[str, str]:
    """One of each. Returns the ids that were made, by the words that the tables below use for them."""
    home = networks.create(child(parent=tenants, project=project, name="home", labels={"tier": "gold", "zone": "a"}))
    shared = networks.create(child(type="child-shared", parent=tenants, project=stranger, name="shared", stack="ipv4"))
    spaces = networks.create(
        super_network(
            type="super-namespaced",
            id="spaces",
            prefixes=cidrs("100.64.0.0/16"),
            default_child_prefix_length={IPV4: 24},
            labels={"tier": "tin"},
            nat_type="ipv4-masquerade",
            description="Starts again",
        )
    )
    cell = networks.create(child(parent=spaces, project=project, name="cell"))
    (pinned,) = addresses.allocate(cell, project=project, name="pinned", type="static", labels={"tier": "gold"})
    common: dict[str, Any] = {"partition": home.partition}
    machines.allocate(
        id="web-1",
        name="web",
        project=project,
        networks=[Attachment(network=home)],
        labels={"tier": "gold"},
        description="Front",
        hostname="web.example.org",
        **common,
    )
    machines.allocate(
        id="fw-1",
        name="wall",
        project=stranger,
        role="firewall",
        networks=[Attachment(network=shared), Attachment(network=mini_lab, families=[IPV4])],
        **common,
    )
    vrfs.create(id=500, name="blue", description="By hand", labels={"tier": "gold"})
    crew = projects.create(name="crew", tenant="acme", description="No one", labels={"tier": "gold"})
    partitions.create(id="fra-1", name="Frankfurt", description="West", labels={"tier": "gold"})
    return {
        "home": home.pk,
        "cell": cell.pk,
        "alice": str(project.pk),
        "mallory": str(stranger.pk),
        "crew": str(crew.pk),
        "allocation": str(pinned.allocation),
        "parent": str(tenants.prefixes.get(family=4).pk),
    }


def listed(api: APIClient, kind: str, query: str) -> list[Any]:
    """The names of the rows, or what else tells them apart, sorted."""
    response = api.get(f"/api/v1/{kind}/?{query}")
    assert response.status_code == 200, response.json()
    return sorted(
        str(row[SHOWN[kind]] if kind in SHOWN else row["name"] or row["id"]) for row in response.json()["results"]
    )


NETWORKS = [
    ("id=tenants", "tenants"),
    ("name=home", "home"),
    ("description=Starts again", "spaces"),
    ("type=child", "cell home"),
    ("type=super-namespaced", "spaces"),
    ("stack=ipv4", "shared"),
    ("partition=mini-lab", "home internet-mini-lab shared tenants"),
    ("project={alice}", "cell home"),
    ("namespace={alice}", "cell"),
    ("parent=tenants", "home shared"),
    ("vrf=104009", "internet-mini-lab"),
    ("nat_type=ipv4-masquerade", "cell spaces"),
    ("address_family=ipv6", "home internet-mini-lab tenants"),
    ("prefix=10.0.0.0/22", "home"),
    ("destination_prefix=::/0", "internet-mini-lab"),
    ("destination_prefix=0.0.0.0/1", ""),
    ("contains=10.0.0.1", "home tenants"),
    ("contains=2001:db8:0:113::9", "internet-mini-lab"),
    ("overlaps=10.0.4.0/23", "shared tenants"),
    ("overlaps=::/0", "home internet-mini-lab tenants"),
    ("usable_by={alice}", "cell home internet-mini-lab shared"),
    ("label=tier", "home spaces"),
    ("label=tier=gold", "home"),
    ("label=tier=gold&label=zone=a", "home"),
    ("label=tier=gold&label=zone=b", ""),
    ("label=tier=", ""),
    ("q=HOM", "home"),
    ("q=starts", "spaces"),
    ("q=203.0.113.200", "internet-mini-lab"),
    ("type=child&address_family=ipv6", "home"),
    ("type=child&type=child-shared", "cell home shared"),
    ("project={alice}&project={mallory}", "cell home shared"),
    ("project=null&type=super&type=super-namespaced", "spaces tenants"),
    ("project=null&project={mallory}&stack=ipv4", "shared"),
    ("partition=null", "cell spaces"),
    ("parent=null", "internet-mini-lab spaces tenants"),
    ("prefix=10.0.0.0/22&prefix=2001:db8:0:10::/96", "home"),
    ("prefix=10.0.0.0/22&prefix=10.0.4.0/22", ""),
    ("destination_prefix=0.0.0.0/0&destination_prefix=::/0", "internet-mini-lab"),
    ("address_family=dual-stack", "home internet-mini-lab tenants"),
    ("project=alice", "cell home"),
    ("namespace=alice", "cell"),
    ("usable_by=alice", "cell home internet-mini-lab shared"),
    ("parent=nothing", ""),
    ("vrf=blue", ""),
    ("", "cell home internet-mini-lab shared spaces tenants"),
]
PREFIXES = [
    ("network=tenants", "10.0.0.0/16 2001:db8:0:10::/64"),
    ("namespace={alice}", "100.64.0.0/24"),
    ("address_family=ipv6&length=64", "2001:db8:0:10::/64 2001:db8:0:113::/64"),
    ("parent={parent}", "10.0.0.0/22 10.0.4.0/22"),
    ("length=25", "203.0.113.128/25"),
    ("contains=10.0.4.9", "10.0.0.0/16 10.0.4.0/22"),
    ("within=10.0.0.0/21", "10.0.0.0/22 10.0.4.0/22"),
    ("within=2001:db8:0:113::/64", "2001:db8:0:113::/64"),
    ("length__gte=25&length__lte=63", "203.0.113.128/25"),
    ("network=tenants&network=internet-mini-lab&address_family=ipv4", "10.0.0.0/16 203.0.113.128/25"),
    ("parent=null&address_family=ipv4", "10.0.0.0/16 100.64.0.0/16 203.0.113.128/25"),
    ("address_family=dual-stack&network=tenants", "10.0.0.0/16 2001:db8:0:10::/64"),
    ("q=203.0", "203.0.113.128/25"),
    ("q=spaces", "100.64.0.0/16"),
]
IPS = [
    ("ip=10.0.0.1", "10.0.0.1"),
    ("ip=2001:0db8:0:10:0:0:0:1", "2001:db8:0:10::1"),
    ("network=internet-mini-lab", "2001:db8:0:113::142 203.0.113.129 203.0.113.142"),
    ("project={alice}", "10.0.0.1 100.64.0.1 2001:db8:0:10::1"),
    ("namespace={alice}", "100.64.0.1"),
    ("machine=web-1", "10.0.0.1 2001:db8:0:10::1"),
    ("prefix=10.0.0.0/22", "10.0.0.1"),
    ("prefix=10.0.0.0/16", ""),
    ("within=10.0.0.0/16", "10.0.0.1 10.0.4.1"),
    ("type=static&within=0.0.0.0/0", "100.64.0.1 203.0.113.142"),
    ("address_family=ipv6", "2001:db8:0:10::1 2001:db8:0:113::142"),
    ("allocation={allocation}", "100.64.0.1"),
    ("name=pinned", "100.64.0.1"),
    ("label=tier=gold", "100.64.0.1"),
    ("machine=null", "100.64.0.1 2001:db8:0:113::142 203.0.113.142"),
    ("type=static&type=ephemeral&network=home", "10.0.0.1 2001:db8:0:10::1"),
    ("network=home&network=cell&address_family=dual-stack", "10.0.0.1 100.64.0.1 2001:db8:0:10::1"),
    ("project=alice&project=reserved&address_family=ipv6", "2001:db8:0:10::1 2001:db8:0:113::142"),
    ("q=PIN", "100.64.0.1"),
    ("q=2001:db8:0:113", "2001:db8:0:113::142"),
]
MACHINES = [
    ("id=web-1", "web"),
    ("name=web", "web"),
    ("project={alice}", "web"),
    ("partition=mini-lab", "wall web"),
    ("role=firewall", "wall"),
    ("network=internet-mini-lab", "wall"),
    ("ip=2001:db8:0:10::1", "web"),
    ("ip=203.0.113.142", ""),
    ("network=home&network=shared", "wall web"),
    ("network=home", "web"),
    ("partition=mini-lab&project=mallory", "wall"),
    ("asn=4210000001", "web"),
    ("label=tier=gold", "web"),
    ("q=fw-", "wall"),
    ("description=Front", "web"),
    ("hostname=web.example.org", "web"),
]
OTHERS = [
    ("partitions", "id=fra-1", "Frankfurt"),
    ("partitions", "name=Frankfurt", "Frankfurt"),
    ("partitions", "description=West", "Frankfurt"),
    ("partitions", "label=tier", "Frankfurt"),
    ("partitions", "q=fra", "Frankfurt"),
    ("projects", "id={crew}", "crew"),
    ("projects", "name=crew", "crew"),
    ("projects", "tenant=acme", "crew"),
    ("projects", "description=No one", "crew"),
    ("projects", "label=tier=gold", "crew"),
    ("projects", "q={crew}", "crew"),
    ("vrfs", "id=500", "500"),
    ("vrfs", "name=blue", "500"),
    ("vrfs", "description=By hand", "500"),
    ("vrfs", "label=tier", "500"),
    ("vrfs", "q=blu", "500"),
]
TABLE = [
    *(("networks", *row) for row in NETWORKS),
    *(("prefixes", *row) for row in PREFIXES),
    *(("ips", *row) for row in IPS),
    *(("machines", *row) for row in MACHINES),
    *OTHERS,
]


@pytest.mark.parametrize(("kind", "query", "expected"), TABLE)
def test_filter_keeps_just_what_it_names(
    api: APIClient, world: dict[str, str], kind: str, query: str, expected: str
) -> None:
    assert listed(api, kind, query.format(**world)) == sorted(expected.split())


@pytest.mark.parametrize("key", ["0", "-1", "a.b/c", 'quo"te', "back\\slash", "$", "[0]", "ümlaut", "%", "'"])
def test_label_is_taken_literally(api: APIClient, db: None, key: str) -> None:
    partitions.create(id="with", labels={key: "x"})
    partitions.create(id="other", labels={key: "y"})
    partitions.create(id="without")
    assert results(api.get("/api/v1/partitions/", {"label": key})) == ["other", "with"]
    assert results(api.get("/api/v1/partitions/", {"label": f"{key}=x"})) == ["with"]


def test_value_of_a_label_may_hold_the_separator(api: APIClient, db: None) -> None:
    partitions.create(id="with", labels={"a": "b=c"})
    assert results(api.get("/api/v1/partitions/", {"label": "a=b=c"})) == ["with"]


MALFORMED = [
    ("networks", "type", "private"),
    ("networks", "stack", "both"),
    ("networks", "project", "alice"),
    ("networks", "namespace", "1"),
    ("networks", "vrf", "blue"),
    ("networks", "vrf", "9" * 400),
    ("networks", "nat_type", "yes"),
    ("networks", "address_family", "IPv4"),
    ("networks", "prefix", "10.0.0.0"),
    ("networks", "destination_prefix", "0/0"),
    ("networks", "contains", "10.0.0.0/8"),
    ("networks", "contains", "10.0.0.256"),
    ("networks", "overlaps", "10.0.0.1"),
    ("networks", "overlaps", "10.0.0.0/33"),
    ("networks", "usable_by", "alice"),
    ("prefixes", "parent", "x"),
    ("prefixes", "length", "long"),
    ("prefixes", "contains", "::ffff:10.0.0.1"),
    ("prefixes", "within", "10.0.0.0/-1"),
    ("prefixes", "within", "10.0.0.1/16"),
    ("networks", "prefix", "10.0.0.1/16"),
    ("networks", "destination_prefix", "0.0.0.1/0"),
    ("networks", "overlaps", "10.0.0.1/16"),
    ("ips", "prefix", "10.0.0.1/22"),
    ("ips", "within", "2001:db8::1/64"),
    ("ips", "ip", "10.0.1"),
    ("ips", "ip", "fe80::1%eth0"),
    ("ips", "within", "::/129"),
    ("ips", "type", "fixed"),
    ("ips", "allocation", "1"),
    ("machines", "role", "router"),
    ("machines", "ip", "1"),
    ("machines", "asn", "AS1"),
    ("projects", "id", "alice"),
    ("vrfs", "id", "one"),
]


@pytest.mark.parametrize(("kind", "name", "value"), MALFORMED)
def test_malformed_value_is_refused_by_name(api: APIClient, kind: str, name: str, value: str) -> None:
    response = api.get(f"/api/v1/{kind}/", {name: value})
    assert (response.status_code, codes(response)) == (400, [(name, "invalid")])


@pytest.mark.parametrize(
    ("kind", "query", "name"),
    [
        ("ips", "ip=", "ip"),
        ("ips", "ip=10.0.0.1&ip=10.0.0.2", "ip"),
        ("ips", "project=", "project"),
        ("ips", "network=a&network=", "network"),
        ("ips", "q=", "q"),
        ("ips", "q=%20", "q"),
        ("ips", "name=%20", "name"),
        ("ips", "label=%09", "label"),
        ("events", "actor=%20", "actor"),
        ("ips", "label=", "label"),
        ("networks", "name=a&name=b", "name"),
        ("networks", "vrf=1&vrf=2", "vrf"),
        ("networks", "limit=1&limit=2", "limit"),
        ("networks", "cursor=", "cursor"),
        ("networks", "project=null&project=", "project"),
        ("events", "verb=", "verb"),
        ("claims", "name=a&name=b", "name"),
        ("quotas", "resource=", "resource"),
        ("search", "q=a&q=b", "q"),
        ("networks/tenants/free", "length=", "length"),
        ("networks/tenants/free", "address_family=ipv4&address_family=ipv6", "address_family"),
    ],
)
def test_empty_and_repeated_parameters_are_refused_by_name(
    api: APIClient, world: dict[str, str], kind: str, query: str, name: str
) -> None:
    response = api.get(f"/api/v1/{kind}/?{query}")
    assert (response.status_code, codes(response)) == (400, [(name, "invalid")])


def test_count_is_told_to_who_asks(api: APIClient, world: dict[str, str]) -> None:
    answer = api.get("/api/v1/networks/?type=child&limit=1&count=true").json()
    assert (answer["count"], len(answer["results"])) == (2, 1)
    assert "count" not in api.get("/api/v1/networks/?count=false").json()
    assert codes(api.get("/api/v1/networks/?count=1")) == [("count", "invalid")]


@pytest.mark.parametrize("kind", ["partitions", "projects", "vrfs", "networks", "prefixes", "ips", "machines"])
def test_unknown_filter_is_refused_by_name(api: APIClient, kind: str) -> None:
    response = api.get(f"/api/v1/{kind}/?colour=blue&addres_family=ipv4")
    assert (response.status_code, codes(response)) == (400, [("colour", "invalid"), ("addres_family", "invalid")])


def test_project_that_may_use_networks_must_exist(api: APIClient) -> None:
    response = api.get("/api/v1/networks/", {"usable_by": NOBODY})
    assert (response.status_code, codes(response)) == (404, [("usable_by", "not_found")])


def test_detail_takes_no_filter(api: APIClient, mini_lab: Network) -> None:
    response = api.get(f"/api/v1/networks/{mini_lab.pk}/?type=child")
    assert (response.status_code, codes(response)) == (400, [("type", "invalid")])


@pytest.mark.parametrize("sign", ["", "-"])
def test_networks_are_ordered_by_their_first_prefix(api: APIClient, world: dict[str, str], sign: str) -> None:
    rows: list[Any] = []
    url = f"/api/v1/networks/?ordering={sign}prefix&limit=2"
    while url:
        answer = api.get(url).json()
        rows += [row["prefixes"][0] for row in answer["results"]]
        url = answer["next"]
    ordered = ["10.0.0.0/16", "10.0.0.0/22", "10.0.4.0/22", "100.64.0.0/16", "100.64.0.0/24", "203.0.113.128/25"]
    starts = [text.split("/")[0] for text in ordered]
    assert [text.split("/")[0] for text in rows] == (starts[::-1] if sign else starts)


def test_filter_with_host_bits_is_told_the_corrected_form(api: APIClient) -> None:
    answer = api.get("/api/v1/networks/?overlaps=10.0.0.1/16").json()
    assert answer["detail"] == "10.0.0.1/16 has host bits set; the prefix is 10.0.0.0/16."


@pytest.mark.parametrize("query", ["ips/?network=", "networks/?type=", "networks/?prefix=", "vrfs/?label="])
def test_parameter_takes_fifty_values(api: APIClient, query: str) -> None:
    path, _, name = query.rstrip("=").partition("?")
    answer = api.get(f"/api/v1/{path}", {name: ["x"] * 51})
    assert codes(answer) == [(name, "invalid")]
    assert answer.json()["detail"] == "At most 50 values fit in one request, and these are 51. Ask in parts."


def test_many_values_cost_as_many_statements_as_two(api: APIClient, tenants: Network, project: Project) -> None:
    made = [networks.create(child(parent=tenants, project=project, name=f"the {number}")) for number in range(8)]

    def cost(values: list[str]) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert len(results(api.get("/api/v1/prefixes/", {"network": values}))) == 2 * len(values)
        return len(asked)

    mixed = [one.pk if number % 2 else one.name for number, one in enumerate(made)]
    assert cost(mixed) == cost(mixed[:2])


def test_name_among_many_that_several_have_is_refused(api: APIClient, tenants: Network, project: Project) -> None:
    for name in ("twin", "twin", "single"):
        networks.create(child(parent=tenants, project=project, name=name))
    answer = api.get("/api/v1/ips/", {"network": ["single", "twin", "tenants"]})
    assert (codes(answer), "Several networks are called “twin”" in answer.json()["detail"]) == (
        [("network", "invalid")],
        True,
    )
