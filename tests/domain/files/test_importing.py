"""Tables: what would become of each row, what then becomes of it, and that an export changes nothing."""

import io

import openpyxl
import pytest

from ipam import errors
from ipam.domain.files import importing
from ipam.domain.files.documents import ParseError
from ipam.domain.files.kinds import (
    ADDRESSES,
    MACHINES,
    NETWORKS,
    PARTITIONS,
    PREFIXES,
    PROJECTS,
    VRFS,
)
from ipam.domain.files.tables import Table
from ipam.domain.health import doctor
from ipam.domain.networks import networks
from ipam.models import Machine, Network, Partition, Project
from tests.builders import losing_a_race, prefixes_of, super_network
from tests.domain.files.tables import csv, made, reasons, table, told


def test_a_preview_tells_what_then_happens_and_keeps_nothing(partition: Partition) -> None:
    wanted = table(PARTITIONS, {"id": "mini-lab", "name": "Lab"}, {"id": "fra"}, {"id": "x"})
    previewed = importing.preview(wanted)
    assert told(previewed) == [(1, "mini-lab", "changed"), (2, "fra", "new"), (3, "x", "refused")]
    assert previewed.shown(2)[1].changes == {"name": ("", "Lab")}
    assert [(one.pk, one.name) for one in Partition.objects.all()] == [("mini-lab", "")]
    assert told(importing.apply(wanted, skip_refused=True)) == told(previewed)
    assert [(one.pk, one.name) for one in Partition.objects.all()] == [("fra", ""), ("mini-lab", "Lab")]


def test_one_refused_row_keeps_all_of_them_out(db: None) -> None:
    with pytest.raises(errors.IpamError) as refused:
        importing.apply(table(PARTITIONS, {"id": "fra"}, {"id": "x"}, {"id": ""}))
    assert [error.detail[:6] for error in refused.value.errors] == ["Row 2:", "Row 3:"]
    assert Partition.objects.count() == 0


def test_every_row_tells_its_own_fault_and_good_ones_are_judged_on(db: None) -> None:
    lines = ("id,name", "fra", 'muc,"Munich', "ham,Hamburg", "x,", "Total: 3,,,9")
    assert told(importing.preview(csv(PARTITIONS, *lines))) == [
        (2, "fra", "refused"),
        (3, "", "refused"),
        (4, "ham", "new"),
        (5, "x", "refused"),
        (6, "Total: 3", "refused"),
    ]
    with pytest.raises(errors.IpamError) as refused:
        importing.apply(csv(PARTITIONS, *lines))
    assert [error.detail[:6] for error in refused.value.errors] == ["Row 2:", "Row 3:", "Row 5:", "Row 6:"]
    assert Partition.objects.count() == 0


def test_a_later_entry_with_another_column_is_a_fault_of_its_own(db: None) -> None:
    summary = importing.preview(table(PARTITIONS, {"id": "fra"}, {"id": "muc", "naem": "Munich"}, {"id": "ham"}))
    assert told(summary) == [(1, "fra", "new"), (2, "muc", "refused"), (3, "ham", "new")]
    assert reasons(summary) == {2: ["unknown_field"]}


def test_yaml_gives_ids_and_labels_as_they_were_written(db: None) -> None:
    rows = b"- {id: 0123, name: 12:30:45, description: null, labels: {rack: 0x1F, hot: yes}}"
    importing.apply(Table(PARTITIONS, io.BytesIO(rows), "yaml"))
    made = Partition.objects.get()
    assert (made.pk, made.name, made.labels) == ("0123", "12:30:45", {"rack": "0x1F", "hot": "yes"})


def test_all_faults_of_a_row_are_told(internet: Network) -> None:
    row = {"ip": "10.0.0.01", "network": "internet", "project": "alice", "type": "fixed", "labels": '["a"]'}
    summary = importing.preview(table(ADDRESSES, row))
    assert [error.field for error in summary.refused[0].reasons] == ["ip", "project", "type", "labels"]


def test_an_unknown_column_is_told_before_anything_happens(db: None) -> None:
    with pytest.raises(errors.UnknownField) as refused:
        importing.preview(csv(PARTITIONS, "id,naem", "fra,Frankfurt"))
    assert (
        refused.value.detail
        == "There is no column “naem” of partitions. Known: id, name, description, labels, managed_by."
    )


def test_several_unknown_columns_are_told_at_once(db: None) -> None:
    with pytest.raises(errors.UnknownField) as refused:
        importing.preview(csv(PARTITIONS, "id,naem,x", "fra,Frankfurt,"))
    assert (
        refused.value.detail
        == "There are no columns “naem”, “x” of partitions. Known: id, name, description, labels, managed_by."
    )


def test_columns_that_are_missing_stay_as_they_are(partition: Partition) -> None:
    made(table(PARTITIONS, {"id": "mini-lab", "name": "Lab", "labels": {"a": "b"}}))
    made(csv(PARTITIONS, "id,name", "mini-lab,"))
    partition.refresh_from_db()
    assert (partition.name, partition.labels) == ("", {"a": "b"})


def test_a_project_without_id_gets_one(db: None) -> None:
    made(csv(PROJECTS, "name,tenant", "shop,acme"))
    assert Project.objects.get().tenant == "acme"


def test_a_vrf_without_vni_is_refused(db: None) -> None:
    assert reasons(importing.preview(table(VRFS, {"name": "blue"}))) == {1: ["required"]}


def test_parents_may_stand_below_their_children(partition: Partition, project: Project) -> None:
    summary = importing.apply(
        table(
            NETWORKS,
            {"id": "a-child", "type": "child", "parent": "tenants", "project": str(project.pk), "vrf": 7,
             "prefixes": ["2001:db8::/64", "10.0.4.0/24"]},
            {"id": "tenants", "type": "super", "prefixes": ["10.0.0.0/16", "2001:db8::/48"],
             "default_child_prefix_length": {"ipv4": 24, "ipv6": 64}},
        )
    )  # fmt: skip
    assert told(summary) == [(1, "a-child", "new"), (2, "tenants", "new")]
    network = Network.objects.get(pk="a-child")
    assert (prefixes_of(network), network.vrf_id) == (["10.0.4.0/24", "2001:db8::/64"], 7)
    assert list(doctor.examine()) == []


def test_child_of_a_refused_parent_names_the_row_of_it(partition: Partition, project: Project) -> None:
    child = {
        "id": "home",
        "type": "child",
        "parent": "tenants",
        "project": str(project.pk),
        "prefixes": ["10.0.4.0/24"],
    }
    summary = importing.preview(table(NETWORKS, child, {"id": "tenants", "type": "super", "prefixes": ["10.0.0.0/16"]}))
    (found, _) = summary.refused
    assert [error.detail for error in found.reasons] == ["Network “tenants” was refused (row 2)."]
    assert [error.detail for error in summary.refusals()][1:] == [
        "Network “tenants” was refused, and with it 1 of the networks: row 1."
    ]


def test_order_of_prefixes_is_no_difference(internet: Network) -> None:
    made(csv(PREFIXES, "network,prefix", "internet,198.51.100.0/24"))
    turned = ["2001:db8:0:113::/64", "198.51.100.0/24", "203.0.113.128/25"]
    assert told(importing.preview(table(NETWORKS, {"id": "internet", "prefixes": turned}))) == [
        (1, "internet", "unchanged")
    ]


def test_a_child_without_id_and_prefixes_is_carved(tenants: Network, project: Project) -> None:
    made(csv(NETWORKS, "type,parent,project,name", f"child,tenants,{project.pk},shop"))
    assert prefixes_of(Network.objects.get(name="shop")) == ["10.0.0.0/22", "2001:db8:0:10::/96"]


def test_an_adopted_child_keeps_to_the_rules(tenants: Network, private: Network, project: Project) -> None:
    row = {"type": "child", "parent": "tenants", "project": str(project.pk)}
    summary = importing.preview(
        table(
            NETWORKS,
            row | {"id": "c1", "prefixes": ["10.0.0.0/24"]},
            row | {"id": "c2", "prefixes": ["192.0.2.0/24"]},
            row | {"id": "c3", "prefixes": ["10.0.0.0/16"]},
            row | {"id": "c4", "prefixes": ["10.0.9.1/24"]},
            row | {"id": "c5"},
            row | {"id": "c6", "prefixes": ["10.0.8.0/24"], "parent": "nowhere"},
            row | {"id": "c7", "prefixes": ["10.0.8.0/24"], "parent": private.pk},
            row | {"id": "c8", "prefixes": ["10.0.8.0/24"], "vrf": private.vrf_id},
            row | {"id": "c9", "prefixes": ["10.0.8.0/24"], "partition": "elsewhere"},
        )
    )
    assert reasons(summary) == {
        1: ["overlap"],
        2: ["not_in_prefix"],
        3: ["child_prefix_length_too_short"],
        4: ["prefix_not_canonical"],
        5: ["required"],
        6: ["not_found"],
        7: ["parent_not_super"],
        8: ["vrf_in_use"],
        9: ["not_found"],
    }


def test_what_never_changes_is_named(private: Network, stranger: Project) -> None:
    row = {"id": private.pk, "type": "external", "project": str(stranger.pk), "name": "new"}
    summary = importing.preview(table(NETWORKS, row))
    assert [(one.code, one.field) for one in summary.refused[0].reasons] == [
        ("forbidden_field", "type"),
        ("forbidden_field", "project"),
    ]


def test_a_prefix_is_added_to_its_network(internet: Network) -> None:
    summary = importing.apply(csv(PREFIXES, "network,prefix", "internet,203.0.113.128/25", "internet,198.51.100.0/24"))
    assert told(summary) == [(2, "203.0.113.128/25", "unchanged"), (3, "198.51.100.0/24", "new")]
    assert prefixes_of(internet) == ["203.0.113.128/25", "198.51.100.0/24", "2001:db8:0:113::/64"]


def test_a_machine_keeps_its_asn(private: Network, project: Project) -> None:
    row = {"id": "web-1", "project": str(project.pk), "partition": "mini-lab", "networks": [private.pk]}
    made(table(MACHINES, row | {"asn": 4210000077}))
    assert Machine.objects.get().asn == 4210000077
    assert reasons(importing.preview(table(MACHINES, row | {"id": "web-2", "asn": 4210000077}))) == {
        1: ["already_exists"]
    }
    assert list(doctor.examine()) == []


def test_a_table_that_breaks_off_keeps_nothing(db: None) -> None:
    with pytest.raises(ParseError):
        importing.apply(Table(PARTITIONS, io.BytesIO(b'[{"id": "fra"}, {"id":'), "json"), skip_refused=True)
    assert Partition.objects.count() == 0


def test_a_vrf_of_the_parent_may_be_named(partition: Partition, project: Project) -> None:
    networks.create(super_network(vrf=42))
    row = {"type": "child", "parent": "tenants", "project": str(project.pk), "id": "c1", "prefixes": ["10.0.8.0/24"]}
    assert reasons(importing.preview(table(NETWORKS, row | {"vrf": 43}))) == {1: ["vrf_inherited"]}
    made(table(NETWORKS, row | {"vrf": 42}))
    assert Network.objects.get(pk="c1").vrf_id == 42


def test_race_that_a_row_has_lost_is_no_refusal_of_the_row(db: None) -> None:
    with losing_a_race("ipam_partition"), pytest.raises(errors.Busy):
        importing.apply(table(PARTITIONS, {"id": "fra"}), skip_refused=True)


def test_row_is_called_by_what_a_spreadsheet_holds_and_not_by_our_words_for_it(db: None) -> None:
    book = openpyxl.Workbook()
    for cells in (["id"], ["#REF!"]):
        book.active.append(cells)
    book.active["A2"].data_type = "e"
    file = io.BytesIO()
    book.save(file)
    assert told(importing.preview(Table(PARTITIONS, file, "xlsx"))) == [(2, "#REF!", "refused")]


def test_networks_of_machines_and_of_prefixes_are_named_by_id(
    private: Network, internet: Network, project: Project
) -> None:
    Network.objects.filter(pk=internet.pk).update(name="uplink")
    row = {"id": "m1", "project": str(project.pk), "partition": "mini-lab", "networks": [private.pk, "uplink"]}
    assert reasons(importing.preview(table(MACHINES, row))) == {1: ["not_found"]}
    assert reasons(importing.preview(csv(PREFIXES, "network,prefix", "uplink,198.51.100.0/24"))) == {2: ["not_found"]}
