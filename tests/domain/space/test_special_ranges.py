"""Rule 4a: space that can never be used is in no network, is given by none, and free space never holds it."""

import json
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from hypothesis import given
from hypothesis import strategies as st
from netaddr import IPNetwork, IPSet

from ipam import errors
from ipam.addressing import Family, block, blocks_between, reserved_addresses
from ipam.domain.files import backup, importing
from ipam.domain.health import doctor, rebuilding
from ipam.domain.moving import go_ipam
from ipam.domain.networks import address_batches, addresses, children, networks, older_data, projects
from ipam.domain.networks.batch_rules import Named
from ipam.domain.space import free_blocks, prefix_map, usable_space, utilization
from ipam.models import FreeBlock, IPAddress, Network, Project
from tests.builders import IPV4, IPV6, child, cidrs, external, ip, namespaced, prefixes_of, super_network
from tests.domain.proof import NEVER_USED, misstated_free_space

NEVER_COUNT = {
    family: sum(cidr.size for cidr in NEVER_USED.iter_cidrs() if cidr.version == family) for family in Family
}


def wide(**changes: Any) -> Any:
    """A super network of all there is."""
    lengths = {IPV4: 8, IPV6: 16}
    return super_network(prefixes=cidrs("0.0.0.0/0", "::/0"), default_child_prefix_length=lengths, **changes)


def used_and_total(network: Network) -> list[tuple[int, int]]:
    return [(use.used_ips, use.total_ips - use.reserved_ips) for use in utilization.of_network(network)]


# --- what is given by hand --------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    ["127.0.0.0/24", "127.0.0.1/32", "224.0.0.1/32", "255.255.255.255/32", "169.254.0.0/24", "0.0.0.0/32", "0.1.0.0/16",
     "224.0.0.0/3", "240.0.0.0/8", "::/128", "::1/128", "fe80::/64", "ff02::1/128", "::ffff:10.0.0.0/120", "::/96"],
)  # fmt: skip
def test_no_prefix_lies_in_space_that_is_never_used(text: str, db: None) -> None:
    cidr = IPNetwork(text)
    with pytest.raises(errors.RangeNotUsable, match=r"which is never used\. Choose space outside of it"):
        networks.create(external(prefixes=[cidr], destination_prefixes=()))


def test_no_prefix_in_space_that_is_never_used_is_added(internet: Network) -> None:
    with pytest.raises(errors.RangeNotUsable, match=r"^fe80::/64 lies in fe80::/10 \(link-local, RFC 4291\)"):
        networks.add_prefix(internet, *cidrs("fe80::/64"))


def test_smallest_range_that_holds_a_prefix_is_named(db: None) -> None:
    with pytest.raises(errors.RangeNotUsable, match=r"^255\.255\.255\.255/32 is limited broadcast \(RFC 919\), which"):
        networks.create(external(prefixes=cidrs("255.255.255.255/32"), destination_prefixes=()))


def test_setting_allows_the_reserved_space_of_ipv4_but_for_its_ends(settings: Any, db: None, project: Project) -> None:
    with pytest.raises(errors.RangeNotUsable, match="or set ALLOW_RESERVED_IPV4"):
        networks.create(external(prefixes=cidrs("255.255.255.0/24"), destination_prefixes=()))
    settings.ALLOW_RESERVED_IPV4 = True
    made = networks.create(external(prefixes=cidrs("255.255.255.254/31", "0.0.0.0/31"), destination_prefixes=()))
    taken = addresses.allocate(made, project=project, families=[IPV4], count=2)
    assert [str(one) for one in taken] == ["255.255.255.254", "0.0.0.1"]
    assert list(doctor.examine()) == []


# --- what is carved and taken -----------------------------------------------------------------------
def test_super_network_may_cover_it_but_never_carves_it(db: None, project: Project) -> None:
    everything = networks.create(wide())
    carved = [networks.create(child(parent=everything, project=project, length={IPV4: 3})) for _ in range(4)]
    assert [prefixes_of(one) for one in carved] == [["32.0.0.0/3"], ["64.0.0.0/3"], ["128.0.0.0/3"], ["192.0.0.0/3"]]


def test_exhausted_super_has_given_all_but_what_is_never_used(db: None, project: Project) -> None:
    everything = networks.create(super_network(prefixes=cidrs("192.0.0.0/2"), default_child_prefix_length={IPV4: 3}))
    networks.create(child(parent=everything, project=project))
    with pytest.raises(errors.Exhausted, match="Nothing is free"):
        networks.create(child(parent=everything, project=project))
    assert used_and_total(everything) == [(2**29, 2**29)]


def test_namespaced_super_gives_no_project_what_is_never_used(db: None, project: Project, stranger: Project) -> None:
    spaces = networks.create(namespaced(prefixes=cidrs("126.0.0.0/7"), default_child_prefix_length={IPV4: 8}))
    before = free_blocks.by_family(list(spaces.prefixes.all()), lengths={IPV4: 9})[IPV4]
    assert ([str(one) for one in before.blocks], before.fits, str(before.next)) == (["126.0.0.0/8"], 2, "126.0.0.0/9")
    assert utilization.of_network(spaces)[0].available_prefixes == 1
    for one in (project, stranger):
        assert prefixes_of(networks.create(child(parent=spaces, project=one))) == ["126.0.0.0/8"]
    networks.add_prefix(spaces, *cidrs("168.0.0.0/7"))
    assert (misstated_free_space(), list(doctor.examine())) == ([], [])


@pytest.mark.parametrize("text", ["127.0.0.0/16", "126.0.0.0/7"])
def test_adopted_child_neither_lies_in_it_nor_holds_it(text: str, db: None, project: Project) -> None:
    everything = networks.create(wide())
    with pytest.raises(errors.RangeNotUsable):
        children.import_child(child(id="elsewhere", parent=everything, project=project, prefixes=cidrs(text)))


def test_external_network_that_covers_it_gives_none_of_it(db: None, project: Project) -> None:
    everything = networks.create(external(prefixes=cidrs("0.0.0.0/0", "::/0")))
    pair = addresses.allocate(everything, project=project)
    assert [str(one) for one in pair] == ["1.0.0.0", "::1:0:0"]
    for text in ("127.0.0.1", "255.255.255.255", "0.0.0.0", "::", "ff02::1", "::ffff:0:1"):
        with pytest.raises(errors.RangeNotUsable, match="is never used"):
            addresses.allocate(everything, project=project, addresses=[IPNetwork(text).ip])


def test_row_that_names_such_an_address_is_refused_by_itself(db: None, project: Project) -> None:
    everything = networks.create(external(prefixes=cidrs("0.0.0.0/0"), destination_prefixes=()))
    wanted = [Named(network=everything, project=project, address=ip(text)) for text in ("127.0.0.1", "10.0.0.1")]
    assert {place: one.code for place, one in address_batches.take(wanted).items()} == {0: "range_not_usable"}
    assert [str(one) for one in IPAddress.objects.all()] == ["10.0.0.1"]


def test_import_refuses_such_prefixes_one_by_one_and_brings_in_the_others(project: Project) -> None:
    dump = [
        {"Cidr": "127.0.0.0/8", "IsParent": True},
        {"Cidr": "127.1.0.0/24", "ParentCidr": "127.0.0.0/8"},
        {"Cidr": "10.0.0.0/8", "IsParent": True},
        {"Cidr": "10.1.0.0/24", "ParentCidr": "10.0.0.0/8", "IPs": {"10.1.0.9": True}},
        {"Cidr": "fe80::/64"},
    ]
    found = go_ipam.read(StringIO(json.dumps(dump)), project=project, vrf=7)
    summary = importing.apply(go_ipam.Rows(found), skip_refused=True)
    assert {error.code for error in summary.refusals()} == {"range_not_usable", "no_parent_network"}
    assert sorted(str(one) for network in Network.objects.all() for one in network.prefixes.all()) == [
        "10.0.0.0/8",
        "10.1.0.0/24",
    ]


# --- what is counted, proven, drawn and built anew --------------------------------------------------
def test_everything_adds_up_in_a_network_of_all_there_is(db: None, project: Project) -> None:
    everything = networks.create(wide())
    carved = networks.create(child(parent=everything, project=project))
    addresses.allocate(carved, project=project, count=3)
    usable = [(2**32 - NEVER_COUNT[IPV4]), (2**128 - NEVER_COUNT[IPV6])]
    assert used_and_total(everything) == [(2**24, usable[0]), (2**112, usable[1])]
    networks.delete(networks.create(child(parent=everything, project=project)))
    assert (misstated_free_space(), list(doctor.examine())) == ([], [])
    FreeBlock.objects.all().delete()
    rebuilding.build_all()
    assert (misstated_free_space(), list(doctor.examine())) == ([], [])


def test_map_shows_it_as_reserved(db: None) -> None:
    everything = networks.create(super_network(prefixes=cidrs("0.0.0.0/0"), default_child_prefix_length={IPV4: 8}))
    drawing = prefix_map.of_prefix(everything.prefixes.get(), cells=256)
    reserved = [str(cell.cidr) for cell in drawing.cells if cell.state == "reserved"]
    assert reserved == ["0.0.0.0/8", "127.0.0.0/8", *(f"{first}.0.0.0/8" for first in range(224, 256))]
    assert {cell.used for cell in drawing.cells} == {0.0}


BLOCKS = st.one_of(
    st.tuples(st.just(IPV4), st.integers(0, 2**32 - 1), st.integers(0, 32)),
    st.tuples(st.just(IPV6), st.integers(0, 2**128 - 1), st.integers(0, 128)),
    st.tuples(st.just(IPV6), st.integers(0, 2**64 - 1), st.integers(0, 128)),
).map(lambda drawn: block(drawn[0], drawn[1] >> (drawn[0].bits - drawn[2]) << (drawn[0].bits - drawn[2]), drawn[2]))


@given(cidr=BLOCKS, is_super=st.booleans())
def test_what_can_be_used_and_what_is_held_back_are_the_prefix(cidr: IPNetwork, is_super: bool) -> None:
    family = Family.of(cidr)
    usable = usable_space.parts(cidr, is_super=is_super)
    held = [one for span in usable_space.held_back(cidr, is_super=is_super) for one in blocks_between(family, *span)]
    expected = IPSet([cidr]) & NEVER_USED | IPSet([] if is_super else reserved_addresses(cidr))
    assert (IPSet(held), IPSet(usable)) == (expected, IPSet([cidr]) - expected)
    assert usable == list(IPSet(usable).iter_cidrs())
    assert usable_space.count_held_back(family, cidr.first, cidr.prefixlen, is_super=is_super) == sum(
        one.size for one in held
    )


# --- data that is older than the rule ---------------------------------------------------------------
@pytest.fixture
def older(settings: Any, db: None, project: Project) -> Network:
    """240.0.0.0/29, of which three addresses are taken: made before the rule held, and migrated."""
    settings.ALLOW_RESERVED_IPV4 = True
    network = networks.create(external(prefixes=cidrs("240.0.0.0/29", "2001:db8::/64"), destination_prefixes=()))
    addresses.allocate(network, project=project, count=3)
    settings.ALLOW_RESERVED_IPV4 = False
    import_module("ipam.migrations.0012_space_that_is_never_used").leave_out_of_free_space(apps, None)
    return network


def test_older_network_keeps_what_it_gave_and_gives_no_more(older: Network, project: Project) -> None:
    assert older.addresses.filter(family=IPV4).count() == 3
    with pytest.raises(errors.Exhausted, match=r"^IPv4"):
        addresses.allocate(older, project=project)
    assert (FreeBlock.objects.filter(family=IPV4).exists(), used_and_total(older)[0]) == (False, (0, 0))


def test_older_address_that_is_released_is_not_free_again(older: Network) -> None:
    addresses.release(older.addresses.get(address=ip("240.0.0.2")))
    assert not FreeBlock.objects.filter(family=IPV4).exists()


def test_older_child_wholly_in_space_that_is_never_used_goes(settings: Any, db: None) -> None:
    settings.ALLOW_RESERVED_IPV4 = True
    networks.create(super_network(prefixes=cidrs("240.0.0.0/8"), default_child_prefix_length={IPV4: 22}))
    carved = networks.create(child(parent=Network.objects.get(pk="tenants"), project=projects.create(name="ours")))
    settings.ALLOW_RESERVED_IPV4 = False
    free = FreeBlock.objects.filter(network="tenants").count()
    networks.delete(carved)
    assert not Network.objects.filter(pk=carved.pk).exists()
    assert FreeBlock.objects.filter(network="tenants").count() == free


def test_older_network_can_still_be_described_and_gain_other_space(older: Network, project: Project) -> None:
    networks.update(older, name="lab")
    networks.add_prefix(older, *cidrs("198.18.0.0/24"))
    assert [str(one) for one in addresses.allocate(older, project=project, families=[IPV4])] == ["198.18.0.1"]


def test_doctor_finds_no_fault_with_it_but_tells_of_it(older: Network) -> None:
    assert list(doctor.examine()) == []
    assert list(older_data.sentences()) == [
        "240.0.0.0/29 of internet lies in 240.0.0.0/4 (reserved, RFC 1112), which is never used: nothing more of it is "
        "given. Release what it holds and remove it, or set ALLOW_RESERVED_IPV4."
    ]


def test_older_installation_is_restored_from_its_backup(older: Network) -> None:
    document = "".join(backup.write())
    for model in reversed([*backup.SECTIONS.values(), FreeBlock]):
        model._default_manager.all().delete()
    backup.restore(StringIO(document))
    assert "".join(backup.write()) == document


def test_setting_that_is_taken_back_leaves_what_the_doctor_mends(settings: Any, db: None) -> None:
    settings.ALLOW_RESERVED_IPV4 = True
    networks.create(super_network(prefixes=cidrs("224.0.0.0/3"), default_child_prefix_length={IPV4: 8}, id="odd"))
    settings.ALLOW_RESERVED_IPV4 = False
    finding, *_ = doctor.examine()
    assert finding.sentence == "224.0.0.0/3 of odd: 240.0.0.0 to 247.255.255.255 is never used and free at once."
    assert finding.remedy is not None
    finding.remedy.apply()
    assert list(doctor.examine()) == []
