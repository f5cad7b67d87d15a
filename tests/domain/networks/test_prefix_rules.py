"""Rules 4 to 6, 8 and 9: prefixes, destinations, stack, one super per partition, child lengths."""

from typing import Any

import pytest

from ipam import errors
from ipam.domain.networks import networks, partitions
from ipam.models import Network, Partition, Project
from tests.builders import (
    IPV4,
    IPV6,
    child,
    cidrs,
    codes,
    external,
    namespaced,
    prefixes_of,
    super_network,
    underlay_network,
)


def ipv4_external(**changes: Any) -> Any:
    return external(prefixes=cidrs("198.51.100.0/24"), destination_prefixes=(), id="other", vrf=2, **changes)


# --- 4: canonical, and overlapping nothing ---------------------------------------------------------
def test_every_prefix_with_host_bits_is_named_with_its_corrected_form(db: None) -> None:
    with pytest.raises(errors.Several) as refusal:
        networks.create(external(prefixes=cidrs("10.0.0.1/24", "10.1.0.0/24", "2001:db8::1/64")))
    assert [error.detail for error in refusal.value.errors] == [
        "10.0.0.1/24 has host bits set; the prefix is 10.0.0.0/24.",
        "2001:db8::1/64 has host bits set; the prefix is 2001:db8::/64.",
    ]


@pytest.mark.parametrize("field", ["destination_prefixes", "additional_announcable_cidrs"])
def test_destinations_and_announcable_cidrs_are_canonical(field: str, db: None) -> None:
    with pytest.raises(errors.PrefixNotCanonical) as refusal:
        networks.create(super_network(**{field: cidrs("10.240.0.1/12")}))
    assert refusal.value.field == field


def test_prefixes_of_one_request_do_not_overlap(db: None) -> None:
    with pytest.raises(errors.Overlap, match=r"10\.0\.0\.0/16 and 10\.0\.4\.0/24 overlap"):
        networks.create(external(prefixes=cidrs("10.0.4.0/24", "2001:db8:9::/64", "10.0.0.0/16")))


def test_prefixes_that_share_just_one_address_overlap(db: None) -> None:
    with pytest.raises(errors.Overlap, match=r"10\.0\.0\.0/24 and 10\.0\.0\.255/32 overlap"):
        networks.create(external(prefixes=cidrs("10.0.0.0/24", "10.0.0.255/32"), destination_prefixes=()))


def test_prefix_given_twice_overlaps_itself(db: None) -> None:
    with pytest.raises(errors.Overlap):
        networks.create(external(prefixes=cidrs("10.0.0.0/24", "2001:db8:9::/64", "10.0.0.0/24")))


@pytest.mark.parametrize(
    "taken", ["203.0.113.128/25", "203.0.113.192/26", "203.0.0.0/16", "0.0.0.0/0", "2001:db8:0:113::/96", "2000::/3"]
)
def test_prefix_overlaps_no_prefix_of_any_network(taken: str, internet: Network) -> None:
    with pytest.raises(errors.Overlap, match="of network internet"):
        networks.create(external(id="other", vrf=2, prefixes=cidrs(taken), destination_prefixes=()))


def test_prefix_beside_another_is_fine(internet: Network) -> None:
    other = networks.create(
        external(id="other", vrf=2, prefixes=cidrs("203.0.113.0/25"), destination_prefixes=cidrs("0.0.0.0/0"))
    )
    assert prefixes_of(other) == ["203.0.113.0/25"]


@pytest.mark.parametrize("make", [super_network, namespaced, underlay_network, external])
def test_networks_of_different_types_partitions_and_projects_do_not_overlap(
    make: Any, internet: Network, stranger: Project
) -> None:
    site = partitions.create(id="another-site")
    fields: dict[str, Any] = {"id": "other", "prefixes": cidrs("203.0.113.0/24")}
    if make in (super_network, namespaced):
        fields |= {"project": stranger, "default_child_prefix_length": {IPV4: 26}}
    if make is external:
        fields |= {"vrf": 7, "project": stranger, "destination_prefixes": ()}
    if make is underlay_network:
        fields |= {"partition": site}
    with pytest.raises(errors.Overlap):
        networks.create(make(**fields))


def test_root_of_a_namespaced_super_counts_for_overlap(db: None) -> None:
    networks.create(namespaced())
    with pytest.raises(errors.Overlap, match="of network clusters"):
        networks.create(external(prefixes=cidrs("100.64.0.128/25"), destination_prefixes=()))


def test_child_prefixes_are_no_part_of_overlap(tenants: Network, project: Project) -> None:
    networks.create(child(parent=tenants, project=project))
    with pytest.raises(errors.Overlap, match=r"10\.0\.0\.0/16 of network tenants"):
        networks.create(external(prefixes=cidrs("10.0.0.0/22"), destination_prefixes=()))


def test_ipv4_and_ipv6_never_overlap(db: None) -> None:
    networks.create(external(prefixes=cidrs("0.0.0.0/1"), destination_prefixes=()))
    networks.create(external(id="other", vrf=2, prefixes=cidrs("::/0"), destination_prefixes=()))


def test_destinations_and_announcable_cidrs_are_no_part_of_overlap(internet: Network) -> None:
    network = networks.create(
        super_network(
            destination_prefixes=cidrs("203.0.113.0/24"), additional_announcable_cidrs=cidrs("203.0.113.128/25")
        )
    )
    assert network.additional_announcable_cidrs == ["203.0.113.128/25"]


def test_added_prefix_overlaps_nothing(internet: Network, tenants: Network) -> None:
    with pytest.raises(errors.Overlap, match="of network tenants"):
        networks.add_prefix(internet, *cidrs("10.0.128.0/17"))


def test_all_overlaps_are_named(internet: Network) -> None:
    with pytest.raises(errors.Several) as refusal:
        networks.create(external(id="other", vrf=2, prefixes=cidrs("203.0.113.0/24", "2001:db8::/32")))
    assert codes(refusal.value) == ["overlap", "overlap"]


# --- 5: families of the destinations --------------------------------------------------------------
@pytest.mark.parametrize("make", [external, super_network, namespaced])
def test_destination_of_a_family_without_prefix_is_refused(make: Any, db: None) -> None:
    lengths = {} if make is external else {"default_child_prefix_length": {IPV4: 26}}
    with pytest.raises(errors.FamilyNotInNetwork, match="IPv6 destination prefixes"):
        networks.create(make(prefixes=cidrs("10.9.0.0/16"), destination_prefixes=cidrs("::/0"), **lengths))


def test_destination_of_a_family_without_prefix_is_refused_later_too(db: None) -> None:
    network = networks.create(ipv4_external())
    with pytest.raises(errors.FamilyNotInNetwork):
        networks.update(network, destination_prefixes=cidrs("0.0.0.0/0", "::/0"))


def test_last_prefix_of_a_family_stays_while_there_are_destinations_of_it(internet: Network) -> None:
    with pytest.raises(errors.FamilyNotInNetwork, match="IPv6"):
        networks.remove_prefix(internet, *cidrs("2001:db8:0:113::/64"))


# --- 6: stack -------------------------------------------------------------------------------------
def test_stack_limits_the_families_of_the_prefixes(db: None) -> None:
    with pytest.raises(errors.FamilyNotAllowed, match="takes no IPv6 prefixes"):
        networks.create(external(stack="ipv4"))


def test_single_stack_network_refuses_the_other_family_later_too(db: None) -> None:
    network = networks.create(ipv4_external(stack="ipv4"))
    with pytest.raises(errors.FamilyNotAllowed):
        networks.add_prefix(network, *cidrs("2001:db8:9::/64"))


def test_stack_narrows_only_when_the_other_family_is_gone(internet: Network) -> None:
    with pytest.raises(errors.IpamError) as refusal:
        networks.update(internet, stack="ipv4")
    assert codes(refusal.value) == ["family_not_allowed"]


def test_stack_narrows_together_with_the_prefixes(internet: Network) -> None:
    network = networks.update(
        internet, stack="ipv4", prefixes=cidrs("203.0.113.128/25"), destination_prefixes=cidrs("0.0.0.0/0")
    )
    assert (network.stack, prefixes_of(network)) == ("ipv4", ["203.0.113.128/25"])


def test_stack_widens_to_dual_at_any_time(db: None) -> None:
    network = networks.create(ipv4_external(stack="ipv4"))
    assert networks.update(network, stack="dual").stack == "dual"


# --- 8: one super and one underlay per partition ----------------------------------------------------
def test_partition_has_at_most_one_super(tenants: Network, partition: Partition) -> None:
    second = super_network(id="more", partition=partition, prefixes=cidrs("10.8.0.0/16", "2001:db8:8::/64"))
    with pytest.raises(errors.OneSuperPerPartition, match="already has the super network tenants"):
        networks.create(second)


def test_super_of_a_project_counts_for_its_partition(tenants: Network, partition: Partition, project: Project) -> None:
    second = super_network(
        id="more", partition=partition, project=project, prefixes=cidrs("10.8.0.0/16", "2001:db8:8::/64")
    )
    with pytest.raises(errors.OneSuperPerPartition):
        networks.create(second)


def test_partition_has_at_most_one_underlay(underlay: Network, partition: Partition) -> None:
    with pytest.raises(errors.OneSuperPerPartition, match="already has the underlay network underlay"):
        networks.create(underlay_network(id="more", partition=partition, prefixes=cidrs("10.2.0.0/24")))


def test_partition_has_a_super_and_an_underlay(tenants: Network, underlay: Network) -> None:
    assert tenants.partition == underlay.partition


def test_supers_without_partition_are_as_many_as_you_like(db: None) -> None:
    networks.create(super_network())
    networks.create(super_network(id="more", prefixes=cidrs("10.8.0.0/16", "2001:db8:8::/64")))
    assert Network.objects.supers().count() == 2


# --- 9: child lengths -----------------------------------------------------------------------------
@pytest.mark.parametrize("field", ["default_child_prefix_length", "min_child_prefix_length"])
def test_child_length_of_a_family_without_prefix_is_refused(field: str, db: None) -> None:
    lengths = {"default_child_prefix_length": {IPV4: 22}} | {field: {IPV4: 22, IPV6: 96}}
    with pytest.raises(errors.ChildPrefixLengthFamily, match="no IPv6 prefix") as refusal:
        networks.create(super_network(prefixes=cidrs("10.0.0.0/16"), **lengths))
    assert refusal.value.field == field


@pytest.mark.parametrize("length", [8, 16])
def test_child_length_is_longer_than_every_prefix_of_its_family(length: int, db: None) -> None:
    with pytest.raises(errors.ChildPrefixLengthTooShort, match="use /17 to /32"):
        networks.create(
            super_network(prefixes=cidrs("11.0.0.0/8", "10.0.0.0/16"), default_child_prefix_length={IPV4: length})
        )


def test_child_length_one_longer_than_the_prefix_is_fine(db: None) -> None:
    network = networks.create(super_network(default_child_prefix_length={IPV4: 17, IPV6: 65}))
    assert network.default_child_prefix_length == {IPV4: 17, IPV6: 65}


def test_minimum_is_judged_like_the_default(db: None) -> None:
    with pytest.raises(errors.ChildPrefixLengthTooShort):
        networks.create(super_network(min_child_prefix_length={IPV4: 16}))


def test_default_is_not_shorter_than_the_minimum(db: None) -> None:
    with pytest.raises(errors.MinChildPrefixLength, match="/22 for IPv4 children is shorter than the minimum /24"):
        networks.create(super_network(min_child_prefix_length={IPV4: 24}))


@pytest.mark.parametrize("length", [-1, 33])
def test_child_length_is_one_of_its_family(length: int, db: None) -> None:
    with pytest.raises(errors.Invalid, match="use 0 to 32"):
        networks.create(super_network(default_child_prefix_length={IPV4: length, IPV6: 96}))


def test_added_prefix_is_shorter_than_the_child_lengths(tenants: Network) -> None:
    with pytest.raises(errors.ChildPrefixLengthTooShort):
        networks.add_prefix(tenants, *cidrs("10.8.0.0/24"))
