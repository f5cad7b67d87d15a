"""Rules 17 to 19: what an update takes, and that it is judged against the state after the change."""

import pytest

from ipam import errors
from ipam.domain.health import doctor
from ipam.domain.networks import addresses, networks
from ipam.models import FreeBlock, Network, Prefix, Project
from tests.builders import IPV4, IPV6, child, cidrs, codes, external, free_blocks, prefixes_of, super_network
from tests.shared import shared_fixture


@shared_fixture
def ipv4_super() -> Network:
    return networks.create(super_network(prefixes=cidrs("10.0.0.0/16"), default_child_prefix_length={IPV4: 22}))


def test_field_that_is_not_named_stays(internet: Network) -> None:
    networks.update(internet, name="The internet")
    internet.refresh_from_db()
    assert (internet.name, internet.destination_prefixes, internet.vrf_id) == (
        "The internet",
        ["0.0.0.0/0", "::/0"],
        104009,
    )


def test_each_change_is_one_generation(internet: Network) -> None:
    assert [internet.generation, networks.update(internet, name="a", labels={"b": "c"}).generation] == [1, 2]


def test_every_updatable_field_is_taken(tenants: Network) -> None:
    changed = networks.update(
        tenants,
        name="name",
        description="description",
        labels={"a": "b"},
        nat_type="ipv4-masquerade",
        prefixes=cidrs("10.0.0.0/16", "10.8.0.0/16", "2001:db8:0:10::/64"),
        destination_prefixes=cidrs("10.240.0.0/12"),
        default_child_prefix_length={IPV4: 24, IPV6: 80},
        min_child_prefix_length={IPV4: 20},
        additional_announcable_cidrs=cidrs("10.250.0.0/16"),
        stack="dual",
    )
    stored = Network.objects.get()
    assert (stored.name, stored.nat_type, stored.destination_prefixes) == ("name", "ipv4-masquerade", ["10.240.0.0/12"])
    assert (stored.default_child_prefix_length, stored.min_child_prefix_length) == ({IPV4: 24, IPV6: 80}, {IPV4: 20})
    assert prefixes_of(changed) == ["10.0.0.0/16", "10.8.0.0/16", "2001:db8:0:10::/64"]


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("internet", "default_child_prefix_length", {IPV4: 26}),
        ("internet", "additional_announcable_cidrs", cidrs("10.0.0.0/8")),
        ("underlay", "destination_prefixes", cidrs("0.0.0.0/0")),
        ("underlay", "nat_type", "ipv4-masquerade"),
        ("private", "min_child_prefix_length", {IPV4: 26}),
    ],
)
@pytest.mark.django_db
def test_field_that_the_type_never_takes_is_refused_later_too(
    kind: str, field: str, value: object, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(errors.ForbiddenField) as refusal:
        networks.update(request.getfixturevalue(kind), **{field: value})
    assert refusal.value.field == field


def test_child_changes_what_it_inherited(private: Network) -> None:
    changed = networks.update(private, nat_type="ipv4-masquerade", destination_prefixes=cidrs("10.240.0.0/12"))
    assert (changed.nat_type, changed.destination_prefixes) == ("ipv4-masquerade", ["10.240.0.0/12"])


def test_super_gains_a_family_together_with_its_child_length(ipv4_super: Network, project: Project) -> None:
    networks.update(
        ipv4_super,
        prefixes=cidrs("10.0.0.0/16", "2001:db8:0:10::/64"),
        default_child_prefix_length={IPV4: 22, IPV6: 96},
        destination_prefixes=cidrs("::/0"),
    )
    network = networks.create(child(parent=ipv4_super, project=project))
    assert prefixes_of(network) == ["10.0.0.0/22", "2001:db8:0:10::/96"]


def test_super_gains_no_family_without_its_child_length(ipv4_super: Network) -> None:
    with pytest.raises(errors.MissingDefaultChildPrefixLength, match="no IPv6 child prefix length"):
        networks.update(ipv4_super, prefixes=cidrs("10.0.0.0/16", "2001:db8:0:10::/64"))


def test_super_loses_a_family_together_with_its_child_length(tenants: Network) -> None:
    changed = networks.update(tenants, prefixes=cidrs("10.0.0.0/16"), default_child_prefix_length={IPV4: 22})
    assert (prefixes_of(changed), changed.default_child_prefix_length) == (["10.0.0.0/16"], {IPV4: 22})


def test_super_loses_no_family_while_its_child_length_stays(tenants: Network) -> None:
    with pytest.raises(errors.ChildPrefixLengthFamily):
        networks.update(tenants, prefixes=cidrs("10.0.0.0/16"))


def test_child_length_is_judged_against_prefixes_that_come_with_it(ipv4_super: Network) -> None:
    with pytest.raises(errors.ChildPrefixLengthTooShort):
        networks.update(ipv4_super, prefixes=cidrs("10.0.0.0/16", "10.8.0.0/23"))
    networks.update(ipv4_super, prefixes=cidrs("10.0.0.0/16", "10.8.0.0/23"), default_child_prefix_length={IPV4: 24})


def test_all_broken_rules_of_a_change_are_reported_together(tenants: Network) -> None:
    with pytest.raises(errors.Several) as refusal:
        networks.update(tenants, prefixes=cidrs("10.0.0.0/16"), destination_prefixes=cidrs("::/0"))
    assert codes(refusal.value) == ["family_not_in_network", "child_prefix_length_family"]


def test_refused_change_changes_nothing(tenants: Network) -> None:
    with pytest.raises(errors.IpamError):
        networks.update(tenants, name="new", prefixes=cidrs("10.0.0.0/16", "10.0.8.0/24", "2001:db8:0:10::/64"))
    stored = Network.objects.get()
    assert (stored.name, stored.generation, prefixes_of(stored)) == ("", 1, ["10.0.0.0/16", "2001:db8:0:10::/64"])


def test_children_never_change_prefixes(private: Network) -> None:
    with pytest.raises(errors.PrefixesImmutable, match="carved from tenants"):
        networks.update(private, prefixes=cidrs("10.0.0.0/22"))
    with pytest.raises(errors.PrefixesImmutable):
        networks.add_prefix(private, *cidrs("10.0.4.0/22"))
    with pytest.raises(errors.PrefixesImmutable):
        networks.remove_prefix(private, *cidrs("10.0.0.0/22"))


def test_last_prefix_stays(underlay: Network) -> None:
    with pytest.raises(errors.LastPrefix, match="Delete the network instead"):
        networks.remove_prefix(underlay, *cidrs("10.1.0.0/24"))
    with pytest.raises(errors.LastPrefix):
        networks.update(underlay, prefixes=[])


def test_added_prefix_is_canonical(internet: Network) -> None:
    with pytest.raises(errors.PrefixNotCanonical, match=r"the prefix is 198\.51\.100\.0/24"):
        networks.add_prefix(internet, *cidrs("198.51.100.7/24"))


def test_added_prefix_is_free_space_at_once(internet: Network) -> None:
    networks.add_prefix(internet, *cidrs("198.51.100.0/30"))
    assert free_blocks(Prefix.objects.get(length=30)) == ["198.51.100.1/32", "198.51.100.2/32"]


def test_prefix_that_was_there_already_is_added_once(internet: Network) -> None:
    assert prefixes_of(networks.add_prefix(internet, *cidrs("203.0.113.128/25"))) == [
        "203.0.113.128/25",
        "2001:db8:0:113::/64",
    ]


def test_removed_prefix_takes_its_free_space_along(internet: Network) -> None:
    networks.add_prefix(internet, *cidrs("198.51.100.0/24"))
    networks.remove_prefix(internet, *cidrs("198.51.100.0/24"))
    assert prefixes_of(internet) == ["203.0.113.128/25", "2001:db8:0:113::/64"]
    assert not FreeBlock.objects.filter(prefix__length=24).exists()


def test_removed_prefix_may_go_to_another_network(internet: Network) -> None:
    networks.add_prefix(internet, *cidrs("198.51.100.0/24"))
    networks.remove_prefix(internet, *cidrs("198.51.100.0/24"))
    networks.create(external(id="other", vrf=2, prefixes=cidrs("198.51.100.0/24"), destination_prefixes=()))


def test_prefix_that_the_network_lacks_is_not_removed(internet: Network) -> None:
    with pytest.raises(errors.NotFound, match=r"It has 203\.0\.113\.128/25, 2001:db8:0:113::/64"):
        networks.remove_prefix(internet, *cidrs("198.51.100.0/24"))


def test_prefix_with_addresses_is_not_removed(internet: Network, project: Project) -> None:
    networks.add_prefix(internet, *cidrs("198.51.100.0/24"))
    addresses.allocate(internet, project=project)
    with pytest.raises(errors.HasIps, match=r"203\.0\.113\.128/25 holds 1 address\. Release it"):
        networks.remove_prefix(internet, *cidrs("203.0.113.128/25"))


def test_prefix_with_children_is_not_removed(tenants: Network, private: Network) -> None:
    networks.add_prefix(tenants, *cidrs("10.8.0.0/16"))
    with pytest.raises(errors.HasChildren, match=r"10\.0\.0\.0/16 holds 1 child prefix\. Delete what has it"):
        networks.remove_prefix(tenants, *cidrs("10.0.0.0/16"))


@pytest.mark.parametrize(
    ("have", "wanted", "detail"),
    [
        (["10.0.0.0/24"], ["10.0.0.0/23"], "10.0.0.0/23 holds 10.0.0.0/24: resize that, or keep 10.0.0.0/24 "
         "and add 10.0.1.0/24 beside it."),
        (["10.0.1.0/24"], ["10.0.1.0/24", "10.0.0.0/22"], "10.0.0.0/22 holds 10.0.1.0/24: resize that, or "
         "keep 10.0.1.0/24 and add 10.0.0.0/24 and 10.0.2.0/23 beside it."),
        (["10.0.0.0/24", "10.0.1.0/24"], ["10.0.0.0/23"], "10.0.0.0/23 holds 10.0.0.0/24 and 10.0.1.0/24: resize "
         "that, or keep 10.0.0.0/24 and 10.0.1.0/24."),
        (["10.0.0.0/23"], ["10.0.0.0/23", "10.0.1.0/24"], "10.0.1.0/24 overlaps 10.0.0.0/23 of this network. Leave it "
         "out."),
    ],
)  # fmt: skip
def test_prefix_that_overlaps_its_own_network_says_what_to_do_instead(
    have: list[str], wanted: list[str], detail: str, db: None
) -> None:
    network = networks.create(external(prefixes=cidrs(*have), destination_prefixes=()))
    with pytest.raises(errors.Overlap) as refusal:
        networks.update(network, prefixes=cidrs(*wanted))
    assert refusal.value.detail == detail


def test_unused_prefix_is_replaced_by_its_halves(internet: Network) -> None:
    networks.update(internet, prefixes=cidrs("203.0.113.128/26", "203.0.113.192/26", "2001:db8:0:113::/64"))
    assert prefixes_of(internet) == ["203.0.113.128/26", "203.0.113.192/26", "2001:db8:0:113::/64"]
    assert list(doctor.examine()) == []


def test_prefix_in_use_is_not_replaced_by_its_halves(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    with pytest.raises(errors.HasIps) as refusal:
        networks.update(internet, prefixes=cidrs("203.0.113.128/26", "203.0.113.192/26", "2001:db8:0:113::/64"))
    assert codes(refusal.value) == ["has_ips"]


def test_order_of_prefixes_is_ipv4_first_then_as_they_were_added(internet: Network) -> None:
    networks.add_prefix(internet, *cidrs("198.51.100.0/24"))
    networks.add_prefix(internet, *cidrs("192.0.2.0/24"))
    assert prefixes_of(internet) == ["203.0.113.128/25", "198.51.100.0/24", "192.0.2.0/24", "2001:db8:0:113::/64"]


# --- 19: announcable CIDRs ------------------------------------------------------------------------
@shared_fixture
def announcing() -> Network:
    return networks.create(super_network(additional_announcable_cidrs=cidrs("10.240.0.0/12")))


def test_dropping_an_announcable_cidr_needs_force(announcing: Network) -> None:
    with pytest.raises(errors.AnnouncableCidrNeedsForce, match=r"10\.240\.0\.0/12"):
        networks.update(announcing, additional_announcable_cidrs=[])


def test_announcable_cidr_is_dropped_by_force(announcing: Network) -> None:
    assert networks.update(announcing, additional_announcable_cidrs=[], force=True).additional_announcable_cidrs == []


def test_adding_an_announcable_cidr_needs_no_force(announcing: Network) -> None:
    changed = networks.update(announcing, additional_announcable_cidrs=cidrs("10.240.0.0/12", "10.230.0.0/16"))
    assert changed.additional_announcable_cidrs == ["10.240.0.0/12", "10.230.0.0/16"]


def test_network_that_is_gone_is_not_updated(internet: Network) -> None:
    networks.delete(internet)
    with pytest.raises(errors.NotFound, match="no network “internet”"):
        networks.update(internet, name="new")


def test_add_prefix_takes_the_child_length_of_a_new_family(ipv4_super: Network) -> None:
    changed = networks.add_prefix(ipv4_super, *cidrs("2001:db8:0:10::/64"), default_child_prefix_length=96)
    assert changed.default_child_prefix_length == {IPV4: 22, IPV6: 96}


def test_prefix_in_use_is_refused_for_that_first(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, families=[IPV6])
    with pytest.raises(errors.IpamError) as refused:
        networks.remove_prefix(internet, *cidrs("2001:db8:0:113::/64"))
    assert [one.code for one in refused.value.errors] == ["has_ips", "family_not_in_network"]


def test_growing_over_many_prefixes_names_a_few(db: None) -> None:
    held = cidrs(*(f"198.18.{number}.0/24" for number in range(20)))
    network = networks.create(external(id="many", vrf=9, prefixes=held, destination_prefixes=()))
    with pytest.raises(errors.Overlap) as refused:
        networks.update(network, prefixes=cidrs("198.18.0.0/16"))
    assert refused.value.detail.endswith("more: resize that, or keep them and add what lies beside them.")


def test_prefix_that_goes_is_named_without_host_bits(internet: Network) -> None:
    networks.add_prefix(internet, *cidrs("198.51.100.0/24"))
    with pytest.raises(errors.PrefixNotCanonical, match=r"the prefix is 198\.51\.100\.0/24"):
        networks.remove_prefix(internet, *cidrs("198.51.100.77/24"))
    assert internet.prefixes.filter(length=24).exists()
