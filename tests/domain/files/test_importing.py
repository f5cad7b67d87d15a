"""Tables: what would become of each row, what then becomes of it, and that an export changes nothing."""

import io
import json
import os
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ipam import errors
from ipam.demo import seeding
from ipam.domain.clusters import lifecycle, service_ranges
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.core.operations import dry_run
from ipam.domain.files import backup, exports, importing
from ipam.domain.files.columns import Kind
from ipam.domain.files.documents import ParseError
from ipam.domain.files.kinds import (
    ADDRESSES,
    CLUSTERS,
    HISTORY,
    KINDS,
    MACHINES,
    NETWORKS,
    PARTITIONS,
    PREFIXES,
    PROJECTS,
    VRFS,
)
from ipam.domain.files.summaries import Summary
from ipam.domain.files.tables import Table
from ipam.domain.health import doctor
from ipam.domain.networks import addresses, networks
from ipam.labels import LABEL_NAME_LENGTH, LABEL_PREFIX_LENGTH, LABEL_VALUE_LENGTH, MAX_LABELS
from ipam.models import Cluster, Event, IPAddress, Machine, Network, Partition, Project, Sample
from ipam.models.managed import METAL_STACK
from ipam.wording import count_of
from tests.builders import IPV4, child, families, losing_a_race, prefixes_of, set_older_labels, super_network
from tests.clouds import empty

MANY = int(os.environ.get("IMPORT_ROWS", "2000"))  # the bench stores 100,000
FORMATS = ["csv", "json", "yaml", "xlsx"]


def exported(kind: Kind, format: str = "json") -> bytes:
    return b"".join(exports.pieces(kind.name, format, kind.rows()))


def table(kind: Kind, *rows: dict[str, Any]) -> Table:
    return Table(kind, io.BytesIO(json.dumps(rows).encode()), "json")


def csv(kind: Kind, *lines: str) -> Table:
    return Table(kind, io.BytesIO("\n".join(lines).encode()), "csv")


def told(summary: Summary) -> list[tuple[int, str, str]]:
    return [(one.place, one.key, one.state) for one in sorted(summary.shown(99), key=lambda one: one.place)]


def reasons(summary: Summary) -> dict[int, list[str]]:
    return {one.place: [error.code for error in one.reasons] for one in summary.refused}


def made(*tables: Table) -> Sequence[Summary]:
    return [importing.apply(one) for one in tables]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_importing_an_export_changes_nothing(cloud: None, kind: Kind, format: str) -> None:
    before = "".join(backup.write())
    summary = importing.apply(Table(kind, io.BytesIO(exported(kind, format)), format))
    assert summary.counts == +Counter(unchanged=kind.rows().count())
    assert "".join(backup.write()) == before


@pytest.mark.parametrize("format", FORMATS)
def test_tables_of_all_kinds_make_the_same_installation_elsewhere(cloud: None, format: str) -> None:
    files = {kind.name: exported(kind, format) for kind in KINDS.values()}
    tables = {kind.name: exported(kind) for kind in KINDS.values()}
    empty()
    for kind in KINDS.values():
        importing.apply(Table(kind, io.BytesIO(files[kind.name]), format))
    assert {kind.name: exported(kind) for kind in KINDS.values()} == tables
    assert list(doctor.examine()) == []


def test_tables_of_what_another_system_owns_make_twofolds_own_elsewhere(cloud: None) -> None:
    models = (Partition, Project, Network, Machine, IPAddress)
    for model in models:
        model.objects.update(managed_by=METAL_STACK)
    tables = {kind.name: exported(kind) for kind in KINDS.values()}
    empty()
    told = []
    for states in ({"new", "unchanged"}, {"unchanged"}):
        for kind in KINDS.values():
            summary = importing.apply(Table(kind, io.BytesIO(tables[kind.name]), "json"))
            assert set(summary.counts) <= states
            told += summary.not_kept
    assert not any(model.objects.exclude(managed_by="").exists() for model in models)
    assert (
        told[0]
        == f"managed_by of {count_of(Partition.objects.count(), 'row')}: who owns an object follows from who makes it"
    )


@pytest.mark.slow
def test_many_addresses_come_back(db: None) -> None:
    seeding.seed(networks=60, prefixes=200, addresses=MANY)
    before, file = exported(ADDRESSES), exported(ADDRESSES, "csv")
    released = IPAddress.objects.filter(machine=None)
    count = released.count()
    addresses.release_many(released)
    summary = importing.apply(Table(ADDRESSES, io.BytesIO(file), "csv"))
    assert dict(summary.counts) == {"unchanged": MANY - count, "new": count}
    assert exported(ADDRESSES) == before
    assert list(doctor.examine()) == []


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


def test_addresses_are_new_changed_unchanged_and_refused(internet: Network, project: Project) -> None:
    first, second = addresses.allocate(internet, project=project)
    owner = {"network": "internet", "project": str(project.pk)}
    wanted = table(
        ADDRESSES,
        {"id": str(first.pk), "name": "vpn"},
        {"id": str(second.pk), "ip": str(second)},
        {"ip": "203.0.113.200", **owner},
        {"ip": "203.0.113.129", **owner},
        {"ip": "203.0.113.201", "network": "nowhere", "project": str(uuid4())},
        {"id": str(first.pk), "ip": "203.0.113.222"},
        {"id": str(uuid4()), "ip": "203.0.113.202", **owner, "prefix": "203.0.113.0/24"},
    )
    summary = importing.preview(wanted)
    assert dict(summary.counts) == {"changed": 1, "unchanged": 1, "new": 1, "refused": 4}
    assert reasons(summary) == {
        4: ["already_allocated"],
        5: ["not_found", "not_found"],
        6: ["forbidden_field"],
        7: ["not_in_prefix"],
    }
    importing.apply(wanted, skip_refused=True)
    assert [(str(one), one.name) for one in IPAddress.objects.all()] == [
        ("203.0.113.129", "vpn"),
        ("203.0.113.200", ""),
        ("2001:db8:0:113::1", ""),
    ]


def test_a_static_address_stays_static(internet: Network, project: Project) -> None:
    (first,) = addresses.allocate(internet, project=project, families=[IPV4], type="static")
    assert reasons(importing.preview(table(ADDRESSES, {"id": str(first.pk), "type": "ephemeral"}))) == {
        1: ["static_to_ephemeral"]
    }


def test_an_empty_type_says_nothing(internet: Network, project: Project) -> None:
    (first,) = addresses.allocate(internet, project=project, families=[IPV4], type="static")
    assert dict(made(csv(ADDRESSES, "id,type", f"{first.pk},"))[0].counts) == {"unchanged": 1}


_storable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffe\uffff"), max_size=12)


@pytest.mark.parametrize("format", FORMATS)
@given(name=_storable, description=_storable, labels=st.dictionaries(_storable.filter(bool), _storable, max_size=3))
@example(name="=1+1", description="'-x\r\n\t\"", labels={"a=b,c": "TRUE", "24.0": "010", "\n": " "})
@example(name="2026-01-02", description="x" * 2000, labels={"null": "~", "1": "1e5"})
@settings(max_examples=20)
def test_whatever_an_object_is_called_comes_back(
    db: None, format: str, name: str, description: str, labels: dict[str, str]
) -> None:
    with dry_run():
        Partition.objects.create(pk="fra", name=name, description=description, labels=labels)
        before, file = json.loads(exported(PARTITIONS)), exported(PARTITIONS, format)
        Partition.objects.all().delete()
        importing.apply(Table(PARTITIONS, io.BytesIO(file), format))
        assert json.loads(exported(PARTITIONS)) == before


@pytest.mark.parametrize("format", ["csv", "json", "yaml"])
def test_all_labels_that_an_object_may_have_come_back(db: None, format: str) -> None:
    prefix = "x" * LABEL_PREFIX_LENGTH
    labels = {f"{prefix}/{number:0{LABEL_NAME_LENGTH}}": '"' * LABEL_VALUE_LENGTH for number in range(MAX_LABELS)}
    Partition.objects.create(pk="fra", labels=labels)
    summary = importing.apply(Table(PARTITIONS, io.BytesIO(exported(PARTITIONS, format)), format))
    assert dict(summary.counts) == {"unchanged": 1}


@pytest.mark.parametrize("format", FORMATS)
def test_all_tags_of_an_address_come_back(internet: Network, project: Project, format: str) -> None:
    said = ["", "'", "=1", "[x]", "a b", "a=1,2", "web=", "x" * LABEL_NAME_LENGTH * 2]
    held = addresses.allocate(internet, project=project, families=[IPV4], tags=said)[0]
    addresses.allocate(internet, project=project, tags=["svc=b", "svc=c"])
    before, content = "".join(backup.write()), exported(ADDRESSES, format)
    assert made(Table(ADDRESSES, io.BytesIO(content), format))[0].counts == {"unchanged": 3}
    assert "".join(backup.write()) == before
    addresses.update(held, tags=[])
    made(Table(ADDRESSES, io.BytesIO(content), format))
    held.refresh_from_db()
    assert held.tags == said


def test_a_spreadsheet_is_refused_that_would_cut_off_what_it_holds(db: None) -> None:
    Partition.objects.create(pk="fra", labels={str(number): "x" * 2000 for number in range(20)})
    with pytest.raises(errors.Invalid, match="a cell of a spreadsheet holds 32,767"):
        exports.pieces("partitions", "xlsx", PARTITIONS.rows())


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


def test_clusters_come_in_and_change_as_everywhere(private: Network, project: Project) -> None:
    row = {
        **{"name": "web", "project": str(project.pk), "network": private.pk, "state": "reserved"},
        **{"kubernetes_version": "1.33", "families": "ipv4", "max_pods": "110", "native_routing": "true"},
        **{"pods": '{"ipv4": "10.240.0.0/14"}'},
    }
    made(table(CLUSTERS, row))
    (held,) = json.loads(exported(CLUSTERS))
    assert (held["state"], held["pods"], held["node_mask"]) == ("reserved", {"ipv4": "10.240.0.0/14"}, {"ipv4": 24})
    changes = [
        {"id": held["id"], "kubernetes_version": "1.34"},
        {"id": held["id"], "pods": '{"ipv4": "10.244.0.0/14"}'},
    ]
    summary = importing.apply(table(CLUSTERS, *changes), skip_refused=True)
    assert (dict(summary.counts), reasons(summary)) == ({"changed": 1, "refused": 1}, {2: ["cluster_frozen"]})


def test_shoots_come_after_their_seed_in_whatever_order_they_stand(
    private: Network, tenants: Network, project: Project
) -> None:
    key = "6f6ac4ae-8f0a-4ce3-9a3d-2f5b6b3f0a01"
    other = networks.create(child(parent=tenants, project=project))
    shared = {"project": str(project.pk), "families": "ipv4", "state": "draft"}
    shoot = {**shared, "name": "shoot", "network": other.pk, "seed": key}
    made(table(CLUSTERS, shoot, {**shared, "id": key, "name": "seed", "network": private.pk, "is_seed": "true"}))
    held = {one["name"]: one for one in json.loads(exported(CLUSTERS))}
    assert {name: one["seed"] for name, one in held.items()} == {"shoot": key, "seed": None}
    made(table(CLUSTERS, {"id": held["shoot"]["id"], "seed": ""}))
    assert Cluster.objects.get(name="shoot").seed is None


@pytest.mark.parametrize("format", FORMATS)
def test_further_services_of_a_cluster_come_in_as_they_went_out(
    format: str, private: Network, project: Project
) -> None:
    held = lifecycle.create(NewCluster(name="web", project=project, network=private), reserve=True)
    service_ranges.add(held, families("10.99.0.0/24", "fd99::/112"))
    before, file = json.loads(exported(CLUSTERS)), exported(CLUSTERS, format)
    lifecycle.delete(lifecycle.release(held))
    made(Table(CLUSTERS, io.BytesIO(file), format))
    assert before[0]["service_cidrs"] == ["10.99.0.0/24", "fd99::/112"]
    assert json.loads(exported(CLUSTERS)) == before


def test_draft_comes_in_without_further_services(private: Network, project: Project) -> None:
    row = {"name": "web", "project": str(project.pk), "network": private.pk, "service_cidrs": "10.99.0.0/24"}
    assert reasons(importing.preview(table(CLUSTERS, row))) == {1: ["wrong_state"]}


def test_a_released_cluster_is_not_made_again(private: Network, project: Project) -> None:
    row = {"name": "web", "project": str(project.pk), "network": private.pk, "state": "released"}
    (refused,) = importing.preview(table(CLUSTERS, row)).refused
    assert [error.detail for error in refused.reasons] == [
        "A cluster that was released is not made again. Leave its row out; a backup document has it."
    ]


def test_row_that_only_renames_leaves_older_labels_as_they_are(internet: Network, project: Project) -> None:
    (one,) = addresses.allocate(internet, project=project, families=[IPV4])
    set_older_labels(one, {"x" * 255: "kept"})
    renamed = importing.preview(table(ADDRESSES, {"id": str(one.pk), "name": "new"}))
    assert told(renamed) == [(1, str(one.pk), "changed")]


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


# --- history --------------------------------------------------------------------------------------
def point(used: int, *, at: str = "2026-01-01", **more: Any) -> dict[str, Any]:
    return {"network": "internet", "address_family": "ipv4", "at": at, "used": used, "total": 126, **more}


def used(network: Network) -> list[tuple[int, int]]:
    return list(Sample.objects.filter(series__network_id=network.pk).order_by("at").values_list("used", "high"))


def test_rows_of_history_are_told_by_what_becomes_of_them(internet: Network) -> None:
    importing.apply(table(HISTORY, point(1), point(2, at="2026-01-02")))
    rows = [point(1), point(3, at="2026-01-02", high=5), point(4, at="2026-01-03")]
    assert told(importing.preview(table(HISTORY, *rows))) == [
        (1, "internet 2026-01-01 00:00", "unchanged"),
        (2, "internet 2026-01-02 00:00", "changed"),
        (3, "internet 2026-01-03 00:00", "new"),
    ]
    importing.apply(table(HISTORY, *rows))
    assert used(internet) == [(1, 1), (3, 5), (4, 4)]


def test_wrong_rows_of_history_are_left_out_and_the_rest_is_stored(internet: Network) -> None:
    wrong = [
        point(1, at="2999-01-01"),
        point(127),
        point(2, high=1),
        point(1) | {"network": "elsewhere"},
        point(1) | {"used": None},
        point(1) | {"at": "soon"},
    ]
    summary = importing.apply(table(HISTORY, *wrong, point(3)), skip_refused=True)
    assert {place: [one.field for one in summary.refused[place - 1].reasons] for place in range(1, 7)} == {
        1: ["at"], 2: ["used"], 3: ["high"], 4: ["network"], 5: ["used"], 6: ["at"],
    }  # fmt: skip
    assert used(internet) == [(3, 3)]


def test_history_of_a_network_comes_in_by_one_event_that_is_part_of_the_import(internet: Network) -> None:
    importing.apply(table(HISTORY, point(1), point(2, at="2026-01-02")))
    part, whole = Event.objects.order_by("-id")[:2]
    if part.part_of is None:
        part, whole = whole, part
    assert (part.object_id, part.changes, part.part_of_id) == ("internet", {"history": [None, 2]}, whole.pk)
    assert whole.changes == {"history, new": [0, 2]}


def test_projects_that_rows_call_by_name_cost_no_statement_for_each(internet: Network) -> None:
    def statements(names: int) -> int:
        rows = [f"203.0.113.{130 + place},{internet.pk},nobody-{place}" for place in range(names)]
        with dry_run(), CaptureQueriesContext(connection) as captured:
            told = importing.apply(csv(ADDRESSES, "ip,network,project", *rows), skip_refused=True)
        assert len(told.refused) == names
        return len(captured)

    assert statements(60) == statements(2)


def test_name_that_several_projects_have_is_looked_up_once(internet: Network, project: Project) -> None:
    Project.objects.create(name=project.name, tenant="other")

    def statements(count: int) -> int:
        rows = [f"203.0.113.{130 + place},{internet.pk},{project.name}" for place in range(count)]
        with dry_run(), CaptureQueriesContext(connection) as captured:
            told = importing.apply(csv(ADDRESSES, "ip,network,project", *rows), skip_refused=True)
        assert len(told.refused) == count
        return len(captured)

    assert statements(60) == statements(2)
