"""prefixes/{id}/resize/, split/ and merge/: in place, with all that is in them."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from ipam import errors
from ipam.domain.health import doctor
from ipam.domain.networks import addresses, networks, quota_limits, ranges, resizing
from ipam.domain.networks.ranges import Bounds
from ipam.models import AddressRange, Event, IPAddress, Network, Prefix, Project, Quota, Tenure
from tests.builders import IPV4, child, cidrs, external, free_blocks, ip, namespaced, prefixes_of, super_network
from tests.shared import shared_fixture


@shared_fixture
def pool() -> Network:
    made = external(id="pool", vrf=9, prefixes=cidrs("10.80.0.0/24"), destination_prefixes=())
    networks.create(external(id="beside", vrf=10, prefixes=cidrs("10.80.4.0/24"), destination_prefixes=()))
    return networks.create(made)


@shared_fixture
def farm() -> Network:
    lengths = {IPV4: 28}
    return networks.create(
        super_network(id="farm", prefixes=cidrs("10.90.0.0/24"), default_child_prefix_length=lengths)
    )


@pytest.fixture(autouse=True)
def _space_adds_up(db: None) -> Any:
    yield
    assert [one.sentence for one in doctor.examine()] == []


def post(api: APIClient, network: Network, verb: str, body: dict[str, Any] | None = None, query: str = "") -> Any:
    prefix = Network.objects.get(pk=network.pk).prefixes.order_by("first").first()
    return api.post(f"/api/v1/prefixes/{prefix.pk}/{verb}/{query}", body or {})  # type: ignore[union-attr]


def resize(api: APIClient, network: Network, wanted: str) -> Any:
    return post(api, network, "resize", {"prefix": wanted})


def refusal(answer: Any) -> tuple[int, str, str]:
    told = answer.json()
    return answer.status_code, told["code"], told["errors"][0].get("nearest", "")


def take(network: Network, project: Project, *named: str) -> list[IPAddress]:
    return [one for name in named for one in addresses.allocate(network, project=project, addresses=[ip(name)])]


def test_prefix_grows_into_free_space_with_its_addresses(api: APIClient, pool: Network, project: Project) -> None:
    (held,) = take(pool, project, "10.80.0.7")
    told = resize(api, pool, "10.80.0.0/23").json()
    assert (told["prefix"], told["generation"], told["consumption"]["used_ips"]) == ("10.80.0.0/23", 2, "1")
    assert (told["consumption"]["total_ips"], told["consumption"]["reserved_ips"]) == ("512", "2")
    assert IPAddress.objects.get().pk == held.pk
    assert take(pool, project, "10.80.0.255", "10.80.1.0")


def test_growing_and_shrinking_back_leaves_what_was(api: APIClient, pool: Network) -> None:
    before = free_blocks(pool)
    assert [resize(api, pool, one).status_code for one in ("10.80.0.0/22", "10.80.0.0/24")] == [200, 200]
    assert free_blocks(pool) == before
    assert Event.objects.filter(verb="resize").latest("pk").changes == {
        "prefixes": [["10.80.0.0/22"], ["10.80.0.0/24"]]
    }


def test_what_overlaps_is_named_with_the_nearest_that_does_not(api: APIClient, pool: Network) -> None:
    answer = resize(api, pool, "10.80.0.0/20")
    assert refusal(answer) == (409, "overlap", "10.80.0.0/22")
    assert answer.json()["detail"] == "10.80.0.0/20 overlaps 10.80.4.0/24 of network beside."


def test_nearest_is_found_by_few_statements_among_many(pool: Network, django_assert_max_num_queries: Any) -> None:
    networks.add_prefix(pool, *cidrs("2001:db8:1::/120"))
    networks.add_prefix(Network.objects.get(pk="beside"), *cidrs("2001:db8:2::/64"))
    with django_assert_max_num_queries(60), pytest.raises(errors.Overlap) as refusal:
        resizing.resize(pool.prefixes.get(family=6), *cidrs("2001:d00::/24"))
    assert refusal.value.nearest == "2001:db8::/47"


def test_nearest_is_no_prefix_whose_end_is_held(api: APIClient, pool: Network, project: Project) -> None:
    take(pool, project, "10.80.0.7", "10.80.0.63", "10.80.0.70")
    assert refusal(resize(api, pool, "10.80.0.0/29")) == (409, "has_ips", "10.80.0.0/25")
    resize(api, pool, "10.80.0.0/25")
    take(pool, project, "10.80.0.126")
    assert refusal(resize(api, pool, "10.80.0.0/26"))[2] == "10.80.0.0/25"


def test_what_neither_holds_it_nor_lies_in_it_is_none(api: APIClient, pool: Network) -> None:
    assert refusal(resize(api, pool, "10.80.1.0/24")) == (400, "not_resizable", "")
    assert refusal(resize(api, pool, "10.80.0.1/25")) == (400, "prefix_not_canonical", "")


def test_held_addresses_keep_a_prefix_as_large(api: APIClient, pool: Network, project: Project) -> None:
    take(pool, project, "10.80.0.7", "10.80.0.70", "10.80.0.80")
    answer = resize(api, pool, "10.80.0.0/26")
    assert refusal(answer) == (409, "has_ips", "10.80.0.0/25")
    assert answer.json()["detail"].startswith("2 addresses are held outside of 10.80.0.0/26: 10.80.0.70 and 1 more.")
    take(pool, project, "10.80.0.127")
    answer = resize(api, pool, "10.80.0.0/25")
    assert refusal(answer) == (409, "reserved_address", "10.80.0.0/24")
    assert answer.json()["detail"].startswith("10.80.0.127, which is held, would be the network or broadcast address")


def test_ranges_are_cut_and_keep_what_would_lose_them(api: APIClient, pool: Network) -> None:
    ranges.create(pool, Bounds(first=ip("10.80.0.120"), last=ip("10.80.0.140")), name="lease")
    assert refusal(resize(api, pool, "10.80.0.0/26")) == (409, "has_ranges", "10.80.0.0/25")
    assert resize(api, pool, "10.80.0.0/25").status_code == 200
    assert str(AddressRange.objects.get()) == "10.80.0.120 to 10.80.0.127"
    (told,) = Event.objects.get(verb="resize").parts.all()
    assert (told.kind, told.verb, told.object_name, told.network_id) == ("range", "update", "lease", "pool")
    assert told.changes == {"last": ["10.80.0.140", "10.80.0.127"]}


def test_gateway_stays_inside(api: APIClient, pool: Network) -> None:
    api.patch(f"/api/v1/prefixes/{pool.prefixes.get().pk}/", {"gateway": "10.80.0.254"})
    assert refusal(resize(api, pool, "10.80.0.0/25")) == (400, "not_in_prefix", "10.80.0.0/24")
    assert resize(api, pool, "10.80.0.0/23").json()["gateway"] == "10.80.0.254"


def test_child_grows_into_what_its_parent_has_free(api: APIClient, farm: Network, project: Project) -> None:
    quota_limits.create(project=project, address_family=IPV4, resource="space", limit=64)
    one, other = (networks.create(child(parent=farm, project=project, length={IPV4: 28})) for _ in range(2))
    assert refusal(resize(api, one, "10.90.0.0/27")) == (409, "overlap", "10.90.0.0/28")
    networks.delete(other)
    assert resize(api, one, "10.90.0.0/26").json()["parent"] == farm.prefixes.get().pk
    assert (Quota.objects.get().used, free_blocks(farm)) == (64, ["10.90.0.64/26", "10.90.0.128/25"])
    assert refusal(resize(api, one, "10.90.0.0/25")) == (409, "quota_exceeded", "")
    assert resize(api, one, "10.90.0.16/28").status_code == 200
    assert (Quota.objects.get().used, free_blocks(farm)[0]) == (16, "10.90.0.0/28")
    assert sorted(map(str, Tenure.objects.open())) == ["10.90.0.16/28"]
    answer = resize(api, one, "10.90.0.0/24")
    assert refusal(answer) == (400, "child_prefix_length_too_short", "10.90.0.0/25")
    assert answer.json()["errors"][0]["field"] == "prefix"


def test_ranges_and_quarantine_of_the_parent_are_respected(
    api: APIClient, farm: Network, project: Project, stranger: Project
) -> None:
    one = networks.create(child(parent=farm, project=project))
    kept = ranges.create(farm, Bounds(prefix=cidrs("10.90.0.16/28")[0]), use="growth")
    assert refusal(resize(api, one, "10.90.0.0/27")) == (409, "in_range", "10.90.0.0/28")
    ranges.delete(kept)
    networks.update(farm, quarantine={IPV4: 1})
    networks.delete(networks.create(child(parent=farm, project=stranger)))
    assert refusal(resize(api, one, "10.90.0.0/27"))[:2] == (409, "cooling")


def test_super_grows_in_every_copy_and_keeps_its_children(api: APIClient, project: Project, stranger: Project) -> None:
    both = networks.create(namespaced(prefixes=cidrs("100.64.0.0/24"), default_child_prefix_length={IPV4: 26}))
    made = [networks.create(child(parent=both, project=one)) for one in (project, stranger)]
    assert refusal(resize(api, both, "100.64.0.0/26")) == (409, "has_children", "100.64.0.0/25")
    assert resize(api, both, "100.64.0.0/22").status_code == 200
    assert [len(free_blocks(both)), *map(prefixes_of, made)] == [8, ["100.64.0.0/26"], ["100.64.0.0/26"]]


def test_parts_stay_with_their_network(api: APIClient, pool: Network, project: Project) -> None:
    (held,) = take(pool, project, "10.80.0.200")
    ranges.create(pool, Bounds(first=ip("10.80.0.60"), last=ip("10.80.0.70")), name="lease")
    told = post(api, pool, "split", {"length": 26}).json()["prefixes"]
    assert [one["prefix"] for one in told] == prefixes_of(pool)
    assert prefixes_of(pool) == ["10.80.0.0/26", "10.80.0.64/26", "10.80.0.128/26", "10.80.0.192/26"]
    assert str(IPAddress.objects.get(pk=held.pk).prefix) == "10.80.0.192/26"
    assert list(map(str, AddressRange.objects.order_by("first"))) == [
        "10.80.0.60 to 10.80.0.63",
        "10.80.0.64 to 10.80.0.70",
    ]
    parts = Event.objects.get(verb="split").parts.order_by("pk")
    assert [(one.kind, one.verb) for one in parts] == [("range", "update"), ("range", "create")]
    assert [one.changes["last"] for one in parts] == [["10.80.0.70", "10.80.0.63"], [None, "10.80.0.70"]]


def test_what_keeps_a_prefix_whole_is_named(api: APIClient, pool: Network, farm: Network, project: Project) -> None:
    take(pool, project, "10.80.0.64")
    answer = post(api, pool, "split", {"length": 27})
    assert refusal(answer) == (409, "reserved_address", "10.80.0.0/25")
    assert refusal(post(api, pool, "split", {"length": 24})) == (400, "not_resizable", "")
    networks.create(child(parent=farm, project=project, length={IPV4: 26}))
    assert refusal(post(api, farm, "split", {"length": 26})) == (409, "has_children", "10.90.0.0/25")


def test_merging_undoes_splitting(api: APIClient, pool: Network, project: Project) -> None:
    take(pool, project, "10.80.0.200")
    before = free_blocks(pool)
    post(api, pool, "split", {"length": 25})
    told = post(api, pool, "merge")
    assert (told.status_code, told.json()["prefix"]) == (200, "10.80.0.0/24")
    assert (free_blocks(pool), prefixes_of(pool)) == (before, ["10.80.0.0/24"])


def test_children_go_from_part_to_part(api: APIClient, farm: Network, project: Project) -> None:
    made = [networks.create(child(parent=farm, project=project, length={IPV4: 26})) for _ in range(3)]
    assert post(api, farm, "split", {"length": 25}).status_code == 200
    assert [str(one.prefixes.get().parent) for one in made] == ["10.90.0.0/25", "10.90.0.0/25", "10.90.0.128/25"]
    networks.delete(made[2])
    assert free_blocks(farm) == ["10.90.0.128/25"]
    assert post(api, farm, "merge").status_code == 200
    assert {str(one.prefixes.get().parent) for one in made[:2]} == {"10.90.0.0/24"}


def test_only_siblings_of_one_network_are_merged(api: APIClient, pool: Network) -> None:
    assert refusal(post(api, pool, "merge")) == (409, "no_sibling", "")
    networks.create(external(id="next", vrf=11, prefixes=cidrs("10.80.1.0/24"), destination_prefixes=()))
    answer = post(api, pool, "merge")
    assert refusal(answer) == (409, "overlap", "")
    assert "10.80.1.0/24 of network next" in answer.json()["detail"]


def test_dry_runs_and_stale_tags_change_nothing(api: APIClient, pool: Network) -> None:
    told = post(api, pool, "resize", {"prefix": "10.80.0.0/23"}, "?dry_run=true").json()
    assert (told["prefix"], told["dry_run"], prefixes_of(pool)) == ("10.80.0.0/23", True, ["10.80.0.0/24"])
    url = f"/api/v1/prefixes/{Prefix.objects.get(network=pool).pk}/split/"
    assert api.post(url, {"length": 25}, headers={"If-Match": '"9"'}).status_code == 412
    assert prefixes_of(pool) == ["10.80.0.0/24"]


def test_resizing_costs_the_same_for_any_number_of_addresses(pool: Network, project: Project) -> None:
    prefix = pool.prefixes.get()
    numbers = []
    for count in (1, 99):
        addresses.allocate(pool, project=project, count=count)
        for wanted in cidrs("10.80.0.0/23", "10.80.0.0/24"):
            with CaptureQueriesContext(connection) as captured:
                resizing.resize(prefix, wanted)
            numbers.append(len(captured))
    assert numbers[:2] == numbers[2:]
