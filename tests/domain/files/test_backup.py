"""An installation as one document: what comes back is what was there, to the byte."""

import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ipam import errors
from ipam.demo import seeding
from ipam.domain.core.operations import dry_run
from ipam.domain.files import backup
from ipam.domain.health import doctor
from ipam.domain.insight import alert_rules, surveying
from ipam.domain.networks import address_holders, addresses, children, networks, older_data
from ipam.domain.notify import webhooks
from ipam.models import (
    AlertRule,
    FreeBlock,
    IPAddress,
    Machine,
    Network,
    NumberRange,
    Partition,
    Project,
    Quota,
    Sample,
    Webhook,
    default_rules,
    guards,
)
from tests.builders import IPV4, IPV6, child, cidrs, free_blocks, set_older_labels, super_network
from tests.callers import as_user
from tests.clouds import empty
from tests.shared import shared_fixture

Cloud = dict[str, Any]


@shared_fixture
def cloud(cloud: None) -> None:
    """The cloud, with an address that two of its machines share."""
    one, firewall = Machine.objects.order_by("role")[::-1]
    outside, wanted = one.attachments.get(position=1).network, {"type": "static", "shared": "vip"}
    held = addresses.allocate(outside, project=one.project, families=[IPV6], machine=one, **wanted)
    address_holders.hand_over(held, firewall)
    surveying.run()


def written() -> str:
    return "".join(backup.write())


def restore(text: str) -> None:
    backup.restore(io.StringIO(text))


def space() -> list[Any]:
    """Free blocks and pools, which no document holds."""
    blocks = FreeBlock.objects.order_by("prefix", "namespace", "first")
    return [
        *blocks.values_list("network", "prefix", "namespace", "family", "first", "length"),
        *[(one.pool, number) for one in NumberRange.objects.all() for number in range(one.first, one.last + 1)],
    ]


def test_what_is_restored_is_the_same_to_the_byte(cloud: None) -> None:
    before, space_before = written(), space()
    empty()
    restore(before)
    assert written() == before
    assert space() == space_before
    assert list(doctor.examine()) == []


def test_shared_address_comes_back_with_its_machines_in_order(cloud: None) -> None:
    def machines() -> list[str]:
        return IPAddress.objects.exclude(shared="").get().machine_ids

    before, document = machines(), written()
    empty()
    restore(document)
    assert (len(before), machines()) == (2, before)


def test_machine_that_shares_what_is_not_shared_is_refused(cloud: None) -> None:
    other = next(one["id"] for one in json.loads(written())["addresses"] if not one["shared"])
    (refusal,) = refusals(changed("holders", 0, address=other))
    assert refusal == "A machine has an address beside another one only where that is shared, as anycast or vip."


def test_life_goes_on_after_a_restore(cloud: None, project: Project) -> None:
    before = written()
    empty()
    restore(before)
    made = networks.create(child(parent=Network.objects.get(pk="tenants"), project=Project.objects.get(name="alice")))
    assert made.vrf_id not in (None, *Network.objects.exclude(pk=made.pk).values_list("vrf", flat=True))
    children.add_family(networks.create(child(parent=made.parent, project=made.project, address_family=[IPV4])), IPV6)
    assert list(doctor.examine()) == []


@given(seed=st.integers(0, 10_000), size=st.integers(60, 400))
@settings(max_examples=5)
def test_any_installation_comes_back(db: None, seed: int, size: int) -> None:
    with dry_run():
        seeding.seed(networks=max(20, size // 8), prefixes=size, addresses=size * 3, seed=seed)
        before, space_before = written(), space()
        empty()
        restore(before)
        assert written() == before
        assert space() == space_before


def test_one_row_is_one_line_of_a_json_document(cloud: None) -> None:
    document = json.loads(written())
    assert list(document) == ["twofold", *backup.SECTIONS]
    assert len(written().splitlines()) == 1 + sum(1 + len(document[section]) for section in backup.SECTIONS)


def test_a_document_that_was_formatted_anew_is_read_too(cloud: None) -> None:
    before = written()
    empty()
    restore(json.dumps(json.loads(before), indent=4))
    assert written() == before


SINCE_3 = "quotas", "series", "samples"
SINCE_4 = "webhooks", "told_webhooks", "finding_marks", "address_ranges", "cooling"
SINCE_5 = ("holders",)
# Columns that documents before version 5 may lack, with what they get.
LATER: dict[str, dict[str, Any]] = {
    **{section: {"managed_by": ""} for section in ("partitions", "projects", "machines")},
    "networks": {
        **{"child_choice": "best-fit", "cluster_ranges": "per-vrf", "quarantine": {}, "quarantine_strict": False},
        "managed_by": "",
    },
    "prefixes": {"gateway": None, "reserve_ends": True},
    "addresses": {"cluster": None, "shared": "", "tags": [], "managed_by": ""},
    "clusters": {
        **{"ipam": "host-local", "max_surge": None, "gardener_project": "", "gardener_version": "", "is_seed": False},
        **{"seed": None, "api_allocation": None, "migration_step": "", "document": {}},
    },
    "ranges": {"reserved_vrf": None, "is_strict": False},
    "claims": {"child": None, "labels": {}},
}


def without_later_columns(document: dict[str, Any]) -> dict[str, Any]:
    return {
        section: [{name: one for name, one in row.items() if name not in LATER.get(section, {})} for row in rows]
        for section, rows in document.items()
    }


@pytest.mark.parametrize(("version", "lacking"), [(2, (*SINCE_3, *SINCE_4, *SINCE_5)), (3, (*SINCE_4, *SINCE_5))])
def test_document_of_an_older_version_which_lacks_sections_is_restored_too(
    version: int, lacking: tuple[str, ...], cloud: None
) -> None:
    document = json.loads(written())
    left_out = ("twofold", "alert_rules", *lacking)
    before = {name: rows for name, rows in document.items() if name not in left_out}
    empty()
    restore(json.dumps({"twofold": version, **before}))
    after = json.loads(written())
    assert [rule["name"] for rule in after.pop("alert_rules")] == [name for name, *_ in default_rules.RULES]
    assert after == {"twofold": 5, **before, **{section: [] for section in lacking}}
    assert list(doctor.examine()) == []


@pytest.mark.parametrize(
    ("version", "lacking"), [(2, (*SINCE_3, *SINCE_4, *SINCE_5)), (3, (*SINCE_4, *SINCE_5)), (4, SINCE_5)]
)
def test_columns_that_a_document_of_an_older_version_lacks_get_what_was_meant(
    version: int, lacking: tuple[str, ...], cloud: None
) -> None:
    document = json.loads(written())
    left_out = ("twofold", *lacking, *(["alert_rules"] if version < 4 else []))
    before = without_later_columns({name: rows for name, rows in document.items() if name not in left_out})
    if "cooling" in before:
        before["cooling"] = []  # nothing cooled before networks said for how long
    empty()
    restore(json.dumps({"twofold": version, **before}))
    after = json.loads(written())
    meant = {section: [{**LATER.get(section, {}), **row} for row in rows] for section, rows in before.items()}
    meant["ranges"] = document["ranges"]  # whose VRF is found anew
    assert {section: after[section] for section in meant} == meant
    assert list(doctor.examine()) == []


def test_document_of_this_version_has_every_column(cloud: None) -> None:
    document = json.loads(written())
    del document["addresses"][0]["tags"]
    (refusal,) = refusals(json.dumps(document))
    assert refusal.startswith("addresses[0]: an entry has just the keys address, allocation, cluster,")


def test_webhook_comes_back_switched_off_and_is_of_whoever_switches_it_on(cloud: None, operator: User) -> None:
    before = written()
    empty()
    restore(before)
    webhook = Webhook.objects.get()
    assert (webhook.state, webhook.made_by) == ("disabled", None)
    with as_user(operator):
        webhooks.update(webhook, enabled=True)
    webhook.refresh_from_db()
    assert (webhook.state, webhook.made_by) == ("active", operator)


def test_installation_with_alert_rules_of_its_own_is_not_empty(db: None) -> None:
    document = written()
    rule = AlertRule.objects.latest("pk")
    alert_rules.update(rule, mails=["noc@example.org"])
    assert refusals(document) == [
        "This installation is not empty. Set DATABASE_URL to a new database, migrate it, and restore there."
    ]


def test_series_goes_on_after_a_restore(cloud: None) -> None:
    before = written()
    empty()
    restore(before)
    count = Sample.objects.count()
    surveying.run()
    assert Sample.objects.count() == count
    networks.create(child(parent=Network.objects.get(pk="tenants"), project=Project.objects.get(name="alice")))
    surveying.run()
    assert Sample.objects.count() > count


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"used": -1}, "samples[0]: used: “-1” is no count of addresses"),
        ({"used": 1.0}, "samples[0]: used: “1.0” is no whole number"),
        ({"total": "5"}, "samples[0]: total: “5” is no whole number"),
    ],
)
def test_count_that_is_none_is_told(cloud: None, values: dict[str, Any], why: str) -> None:
    (refusal, *_) = refusals(changed("samples", 0, **values))
    assert refusal.startswith(why)


@pytest.mark.parametrize("days", [7, [1.5], list(range(91)), ["10.0.0.0/8"]])
def test_values_by_day_are_at_most_ninety_counts(cloud: None, days: Any) -> None:
    (refusal,) = refusals(changed("series", 0, used_by_day=days))
    assert refusal.startswith("series[0]: used_by_day: ")


def test_users_and_tokens_are_no_part_of_it(operator: User, cloud: None) -> None:
    assert "operator" not in written()


def test_an_empty_installation_comes_back_empty(db: None) -> None:
    restore(written())
    assert Partition.objects.count() == 0


def test_only_an_empty_installation_is_filled(cloud: None) -> None:
    with pytest.raises(errors.AlreadyExists):
        restore(written())


def refusals(text: str) -> list[str]:
    empty()
    with pytest.raises(errors.IpamError) as refused:
        restore(text)
    assert not Partition.objects.exists()
    return [error.detail for error in refused.value.errors]


def changed(section: str, place: int = 0, **values: Any) -> str:
    document = json.loads(written())
    document[section][place] |= values
    return json.dumps(document)


def test_a_value_of_the_wrong_kind_is_told_with_its_place(cloud: None) -> None:
    assert refusals(changed("addresses", 0, address="10.0.0.01", type="fixed", generation=True)) == [
        "addresses[0]: generation: “True” is not written as it should be.",
        "addresses[0]: address: “10.0.0.01” has leading zeros, which some tools read as octal; write 10.0.0.1 instead.",
        "addresses[0]: type: “fixed” is none of ephemeral, static.",
    ]


def test_a_key_too_many_is_told(cloud: None) -> None:
    (refusal,) = refusals(changed("vrfs", 0, colour="red"))
    assert refusal.startswith("vrfs[0]: an entry has just the keys ")


def test_a_reference_that_leads_nowhere_is_told(cloud: None) -> None:
    (refusal,) = refusals(changed("networks", 0, partition="nowhere"))
    assert refusal.startswith("A row refers to another that the document does not have")


def test_overlapping_prefixes_are_refused(cloud: None) -> None:
    (refusal,) = refusals(changed("prefixes", 0, cidr="10.0.0.0/8"))
    assert "overlap" in refusal


def test_an_address_outside_of_its_prefix_is_refused(cloud: None) -> None:
    place = next(place for place, one in enumerate(json.loads(written())["addresses"]) if one["machine"])
    (refusal, *_) = refusals(changed("addresses", place, address="192.0.2.1"))
    assert refusal.startswith("192.0.2.1: it does not lie in ")


def test_a_network_that_breaks_a_rule_is_refused(cloud: None) -> None:
    place = [one["id"] for one in json.loads(written())["networks"]].index("tenants")
    (refusal,) = refusals(changed("networks", place, default_child_length_ipv4=8))
    assert refusal.startswith("tenants: A /8 child does not fit")


_STRANGE: list[Any] = [
    *(None, True, 0, -1, 1.0, 1e300, 2**31, 2**63, "", "x", "x" * 3000, "a\0", "\ud800", [], ["x"], [1], [["a"]], {}),
    *({"a": 1}, {"a": "\ud800"}, {"\0": "a"}, {"\ud800": "b"}, "10.0.0.0/8", "10.0.0.1", ["10.0.0.1/8"], "::/0"),
    *("2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00+02:00", "0001-01-01T00:00:00+00:00"),
    "4B9B17C4-2D7C-4190-AE95-DDA44E430FA6",
]


@given(data=st.data())
@example(data=(("networks", "vrf"), 2**63))
@example(data=(("addresses", "network"), "x" * 3000))
@example(data=(("partitions", "name"), "\ud800"))
@example(data=(("partitions", "labels"), {"\ud800": "b"}))
@example(data=(("partitions", "labels"), {"\0": "b"}))
@example(data=(("vrfs", "created_at"), "2026-01-01T00:00:00"))
@example(data=(("vrfs", "created_at"), "2026-01-01T00:00:00+02:00"))
def test_whatever_a_value_is_it_is_refused_or_comes_back(cloud: None, data: Any) -> None:
    document = json.loads(written())
    columns = [(section, key) for section in backup.SECTIONS for key in document[section][0]]
    (section, key), value = (
        data if isinstance(data, tuple) else (data.draw(st.sampled_from(columns)), data.draw(st.sampled_from(_STRANGE)))
    )
    document[section][0][key] = value
    with dry_run():
        empty()
        try:
            restore(json.dumps(document))
        except errors.IpamError:
            return
        restored = json.loads("".join(backup.write()).encode())
    assert in_no_order(restored) == in_no_order(document)


def in_no_order(document: dict[str, Any]) -> dict[str, list[str]]:
    return {
        section: sorted(json.dumps(row, sort_keys=True) for row in document[section]) for section in backup.SECTIONS
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "This is no backup document."),
        ('{"networks": []}', "This is no backup document: “twofold” is missing"),
        ('{"twofold": 6}', "This is a document of version 6"),
        (
            '{"twofold": 2, "partitions": [' + "[" * 100_000,
            "This is not JSON: maximum recursion",
        ),
        ('{"twofold": 2, "partitions": ["' + "x" * 2_000_000, "An entry has more than 1,000,000"),
        ('{"twofold": NaN}', "This is not JSON: NaN is no number"),
    ],
)
def test_text_that_is_no_backup_is_refused(db: None, text: str, why: str) -> None:
    (refusal,) = refusals(text)
    assert refusal.startswith(why)


def test_super_network_keeps_the_order_of_its_prefixes(db: None) -> None:
    networks.create(super_network(prefixes=cidrs("10.9.0.0/16", "10.1.0.0/16"), default_child_prefix_length={IPV4: 22}))
    before = written()
    empty()
    restore(before)
    assert free_blocks(Network.objects.get()) == ["10.1.0.0/16", "10.9.0.0/16"]
    assert [str(one) for one in Network.objects.get().prefixes.in_order()] == ["10.9.0.0/16", "10.1.0.0/16"]


def test_labels_that_are_longer_than_todays_come_back_and_the_doctor_tells(cloud: None) -> None:
    older = {"x" * 255: "kept"}
    set_older_labels(Partition.objects.earliest("pk"), older)
    set_older_labels(IPAddress.objects.earliest("pk"), older)
    before, address = written(), IPAddress.objects.earliest("pk")
    empty()
    restore(before)
    fault = f"The label key “{'x' * 60}…” is too long: at most 63 characters, and before a slash 253 more."
    assert written() == before
    assert sorted(older_data.sentences()) == [
        f"Labels of IP addresses {address} stay until they are changed: {fault}",
        f"Labels of partitions {Partition.objects.earliest('pk')} stay until they are changed: {fault}",
    ]


def test_tags_come_back(cloud: None) -> None:
    IPAddress.objects.update(tags=["svc=a", "svc=b"])
    before = written()
    empty()
    restore(before)
    assert written() == before


@pytest.mark.parametrize("said", ["a", [1], ["b", "a"], ["a", "a"], None])
def test_what_are_no_tags_is_refused(cloud: None, said: Any) -> None:
    document = json.loads(written())
    document["addresses"][0]["tags"] = said
    empty()
    assert refusals(json.dumps(document))


def test_ids_that_differ_only_in_case_come_back_and_the_doctor_tells(partition: Partition) -> None:
    before = json.loads(written())
    before["partitions"].append(before["partitions"][0] | {"id": "Mini-Lab"})
    empty()
    restore(json.dumps(before))
    assert json.loads(written())["partitions"] == sorted(before["partitions"], key=lambda row: row["id"])
    assert list(older_data.sentences()) == [
        "The ids Mini-Lab, mini-lab of partitions differ only in case: people take them for one."
    ]


def test_ids_that_differ_only_in_case_are_refused_after_a_restore(cloud: None) -> None:
    before = written()
    empty()
    restore(before)
    with pytest.raises(IntegrityError, match=guards.ID_ONCE):
        Partition.objects.bulk_create([Partition(pk=Partition.objects.earliest("pk").pk.upper())])


def test_of_many_faults_a_hundred_sentences_are_told_and_none_is_counted(partition: Partition) -> None:
    document = json.loads(written())
    empty()
    with pytest.raises(errors.Several) as refusal:
        restore(json.dumps(document | {"partitions": [{}] * 101}))
    assert len(refusal.value.errors) == errors.MAX_TOLD
    assert refusal.value.detail.endswith(". There may be more; these come first.")


def test_quotas_come_back_with_what_they_count(cloud: None) -> None:
    before = written()
    counted = set(Quota.objects.values_list("pk", "limit", "used"))
    assert len({used for _, _, used in counted} - {0}) == 2
    empty()
    restore(before)
    assert set(Quota.objects.values_list("pk", "limit", "used")) == counted
