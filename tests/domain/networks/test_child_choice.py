"""Which space a child gets: named prefixes, many at once, and the choice of its super network (rules 13 and 14)."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from ipam import errors
from ipam.addressing import Family
from ipam.domain.health import doctor
from ipam.domain.networks import addresses, networks, ranges
from ipam.domain.networks.ranges import Bounds
from ipam.domain.people import members
from ipam.domain.space.free_blocks import FreeSpace, by_family
from ipam.models import Event, FreeBlock, Network, Prefix, Project
from ipam.models.events import Verb
from tests.builders import IPV4, IPV6, child, cidrs, codes, free_blocks, ip, namespaced, prefixes_of, super_network
from tests.callers import as_user


def free_blocks_of(network: Network, **asked: Any) -> dict[Family, FreeSpace]:
    """What is said to be free."""
    return by_family(list(network.prefixes.select_related("network").in_order()), **asked)


# --- Named prefixes -------------------------------------------------------------------------------
def test_child_gets_the_prefixes_that_it_names(tiny: Network, project: Project) -> None:
    named = cidrs("10.9.0.128/26", "2001:db8:9:1::/64")
    network = networks.create(child(parent=tiny, project=project, prefixes=named))
    assert prefixes_of(network) == ["10.9.0.128/26", "2001:db8:9:1::/64"]
    assert free_blocks(tiny) == ["10.9.0.0/25", "10.9.0.192/26", "2001:db8:9::/64"]


def test_named_prefixes_may_be_of_one_family(tiny: Network, project: Project) -> None:
    network = networks.create(child(parent=tiny, project=project, prefixes=cidrs("10.9.0.64/27")))
    assert prefixes_of(network) == ["10.9.0.64/27"]


def test_named_prefixes_keep_what_is_said_of_them(tiny: Network, project: Project) -> None:
    (cidr,) = cidrs("10.9.0.64/30")
    fields = {cidr: {"gateway": ip("10.9.0.65"), "reserve_ends": False}}
    network = networks.create(child(parent=tiny, project=project, prefixes=[cidr], prefix_fields=fields))
    assert [str(one) for one in addresses.allocate(network, project=project, count=3)] == [
        f"10.9.0.{number}" for number in (64, 66, 67)
    ]
    assert (str(network.prefixes.get().gateway), list(doctor.examine())) == ("10.9.0.65", [])
    assert Event.objects.get(verb=Verb.CARVE).changes["gateways"] == [None, {"10.9.0.64/30": "10.9.0.65"}]


def test_gateway_outside_of_a_named_prefix_is_refused(tiny: Network, project: Project) -> None:
    (cidr,) = cidrs("10.9.0.64/30")
    new = child(parent=tiny, project=project, prefixes=[cidr], prefix_fields={cidr: {"gateway": ip("10.9.0.1")}})
    with pytest.raises(errors.NotInPrefix, match=r"10\.9\.0\.1 does not lie in 10\.9\.0\.64/30"):
        networks.create(new)


def test_child_of_named_prefixes_leaves_the_same_event_as_others(tiny: Network, project: Project) -> None:
    networks.create(child(parent=tiny, project=project, prefixes=cidrs("10.9.0.64/26")))
    assert Event.objects.latest("pk").verb == Verb.CARVE


def test_prefix_that_a_child_holds_a_part_of_is_told_with_its_holder(tiny: Network, project: Project) -> None:
    holder = networks.create(child(parent=tiny, project=project, prefixes=cidrs("10.9.0.64/27")))
    with pytest.raises(errors.Overlap, match=f"10.9.0.64/26 overlaps 10.9.0.64/27 of network {holder.pk}"):
        networks.create(child(parent=tiny, project=project, prefixes=cidrs("10.9.0.64/26", "2001:db8:9::/64")))
    assert not Prefix.objects.filter(parent__network=tiny, family=IPV6).exists()


def test_prefix_outside_of_the_parent_is_refused(tiny: Network, project: Project) -> None:
    with pytest.raises(errors.NotInPrefix, match=r"10\.8\.0\.0/26 lies in no prefix of tiny"):
        networks.create(child(parent=tiny, project=project, prefixes=cidrs("10.8.0.0/26")))


def test_named_prefixes_leave_no_length_and_no_family_to_choose(tiny: Network, project: Project) -> None:
    new = child(
        parent=tiny, project=project, prefixes=cidrs("10.9.0.0/26"), length={IPV4: 26}, address_family=[IPV4, IPV6]
    )
    with pytest.raises(errors.Several) as refusal:
        networks.create(new)
    assert codes(refusal.value) == ["forbidden_field", "forbidden_field"]


def test_named_prefix_is_not_shorter_than_the_parent_allows(project: Project) -> None:
    parent = networks.create(super_network(prefixes=cidrs("10.9.0.0/24"), default_child_prefix_length={IPV4: 28},
                                           min_child_prefix_length={IPV4: 26}))  # fmt: skip
    with pytest.raises(errors.MinChildPrefixLength):
        networks.create(child(parent=parent, project=project, prefixes=cidrs("10.9.0.0/25")))


@pytest.mark.parametrize("use", ["dhcp", "excluded", "growth"])
def test_prefix_in_a_range_is_not_carved(use: str, tiny: Network, project: Project) -> None:
    (kept,) = cidrs("10.9.0.64/26")
    ranges.create(tiny, Bounds(prefix=kept), use=use, name="kept")
    with pytest.raises(errors.InRange, match="kept"):
        networks.create(child(parent=tiny, project=project, prefixes=[kept]))


def test_prefix_in_a_range_by_name_is_carved_by_name(tiny: Network, project: Project) -> None:
    (kept,) = cidrs("10.9.0.64/26")
    ranges.create(tiny, Bounds(prefix=kept), use="by-name", name="kept")
    assert prefixes_of(networks.create(child(parent=tiny, project=project, prefixes=[kept]))) == ["10.9.0.64/26"]


# --- Many at once ---------------------------------------------------------------------------------
def test_many_children_are_carved_together(tiny: Network, project: Project) -> None:
    made = networks.create_many(child(parent=tiny, project=project), 2)
    assert [prefixes_of(network) for network in made] == [
        ["10.9.0.0/26", "2001:db8:9::/64"],
        ["10.9.0.64/26", "2001:db8:9:1::/64"],
    ]


def test_many_children_are_one_event_with_a_part_for_each(tiny: Network, project: Project) -> None:
    networks.create_many(child(parent=tiny, project=project), 2)
    whole = Event.objects.get(part_of=None, verb=Verb.CARVE)
    assert (whole.object_id, whole.parts.count()) == ("tiny", 2)


def test_when_one_has_no_room_no_child_is_carved(tiny: Network, project: Project) -> None:
    with pytest.raises(errors.Exhausted, match="no room for a /64"):
        networks.create_many(child(parent=tiny, project=project), 3)
    assert not tiny.children.exists()


@pytest.mark.parametrize("count", [0, 257])
def test_many_are_at_most_256(count: int, tiny: Network, project: Project) -> None:
    with pytest.raises(errors.Invalid, match="from 1 to 256"):
        networks.create_many(child(parent=tiny, project=project), count)


def test_who_may_carve_nowhere_is_not_told_what_is_wrong(tiny: Network, project: Project) -> None:
    user = User.objects.create_user("ann")
    members.grant(user, "viewer", project=project)
    with as_user(user), pytest.raises(errors.PermissionDenied):
        networks.create_many(child(parent=tiny, project=project), 0)


def test_only_children_are_made_many_at_once(db: None) -> None:
    with pytest.raises(errors.ForbiddenField) as refusal:
        networks.create_many(super_network(), 2)
    assert refusal.value.field == "count"


def test_named_prefixes_exist_once(tiny: Network, project: Project) -> None:
    with pytest.raises(errors.ForbiddenField) as refusal:
        networks.create_many(child(parent=tiny, project=project, prefixes=cidrs("10.9.0.0/26")), 2)
    assert refusal.value.field == "count"


def test_texts_of_many_children_are_bounded_together(tiny: Network, project: Project) -> None:
    labels = {f"label-{number}": "x" * 2000 for number in range(100)}
    with pytest.raises(errors.TooLarge):
        networks.create_many(child(parent=tiny, project=project, labels=labels), 100)


# --- How a super network chooses ------------------------------------------------------------------
@pytest.mark.parametrize(
    ("choice", "expected"),
    [("best-fit", "10.9.0.64/26"), ("first-fit", "10.9.0.64/26"), ("sparse", "10.9.0.128/26")],
)
def test_super_network_says_which_free_block_a_child_gets(choice: str, expected: str, project: Project) -> None:
    parent = networks.create(
        super_network(prefixes=cidrs("10.9.0.0/24"), default_child_prefix_length={IPV4: 27}, child_choice=choice)
    )
    networks.create(child(parent=parent, project=project, prefixes=cidrs("10.9.0.32/27")))  # free: a /27, /26, /25
    made = networks.create(child(parent=parent, project=project, length={IPV4: 26}))
    assert prefixes_of(made) == [expected]


def test_first_fit_takes_the_lowest_block_and_best_fit_the_smallest(project: Project) -> None:
    parent = networks.create(super_network(prefixes=cidrs("10.9.0.0/24"), default_child_prefix_length={IPV4: 27}))
    for text in ("10.9.0.64/27", "10.9.0.128/26", "10.9.0.192/27"):  # free: a /26, a /27, another /27
        networks.create(child(parent=parent, project=project, prefixes=cidrs(text)))
    networks.update(parent, child_choice="first-fit")
    assert prefixes_of(networks.create(child(parent=parent, project=project))) == ["10.9.0.0/27"]
    networks.update(parent, child_choice="best-fit")
    assert prefixes_of(networks.create(child(parent=parent, project=project))) == ["10.9.0.32/27"]


@pytest.mark.parametrize("choice", ["best-fit", "sparse", "first-fit"])
@pytest.mark.parametrize("is_namespaced", [False, True])
def test_block_that_is_told_as_next_is_the_one_that_a_child_gets(
    choice: str, is_namespaced: bool, project: Project
) -> None:
    whole, length = cidrs("10.9.0.0/24"), {IPV4: 27}
    made = namespaced if is_namespaced else super_network
    parent = networks.create(made(prefixes=whole, default_child_prefix_length=length, child_choice=choice))
    for text in ("10.9.0.64/27", "10.9.0.128/26", "10.9.0.192/27"):  # free: a /26, a /27, another /27
        networks.create(child(parent=parent, project=project, prefixes=cidrs(text)))
    told = free_blocks_of(parent, lengths=length, namespace=project.pk if is_namespaced else None)[IPV4].next
    assert prefixes_of(networks.create(child(parent=parent, project=project))) == [str(told)]


@pytest.mark.parametrize(("choice", "expected"), [("best-fit", "10.9.0.64/27"), ("sparse", "10.9.0.128/27"),
                                                  ("first-fit", "10.9.0.0/27")])  # fmt: skip
def test_block_that_is_told_to_who_has_taken_nothing_is_chosen_alike(choice: str, expected: str, db: None) -> None:
    parent = networks.create(
        namespaced(prefixes=cidrs("10.9.0.0/24"), default_child_prefix_length={IPV4: 27}, child_choice=choice)
    )
    ranges.create(parent, Bounds(prefix=cidrs("10.9.0.96/27")[0]))  # free: a /26, a /27, a /25
    assert str(free_blocks_of(parent, lengths={IPV4: 27})[IPV4].next) == expected


def test_sixteen_sparse_children_keep_their_neighbours_free(project: Project) -> None:
    parent = networks.create(
        super_network(prefixes=cidrs("2001:db8::/48"), default_child_prefix_length={IPV6: 56}, child_choice="sparse")
    )
    made = networks.create_many(child(parent=parent, project=project), 16)
    starts = ["2001:db8::/56", *(f"2001:db8:0:{digit}000::/56" for digit in "123456789abcdef")]
    assert sorted(text for network in made for text in prefixes_of(network)) == sorted(starts)
    assert set(FreeBlock.objects.filter(network=parent).values_list("length", flat=True)) == {53, 54, 55, 56}


def test_only_super_networks_choose(internet: Network) -> None:
    with pytest.raises(errors.ForbiddenField):
        networks.update(internet, child_choice="sparse")


def test_choice_is_one_that_there_is(tiny: Network) -> None:
    with pytest.raises(errors.Invalid, match="best-fit"):
        networks.update(tiny, child_choice="random")
