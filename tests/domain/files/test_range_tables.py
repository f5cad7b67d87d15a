"""Ranges, and what cools, come and go: as a table, and in a backup."""

import io
import json

import pytest

from ipam.domain.files import backup, exports, importing
from ipam.domain.files.kinds import NETWORKS
from ipam.domain.files.tables import Table
from ipam.domain.health import doctor
from ipam.domain.networks import addresses, networks, ranges
from ipam.domain.networks.ranges import Bounds
from ipam.models import AddressRange, FreeBlock, Network, Prefix, Project, SetAsideBlock
from tests.builders import IPV4, cidrs, external, ip
from tests.clouds import empty


@pytest.fixture
def small(project: Project) -> Network:
    network = networks.create(external(id="small", vrf=9, prefixes=cidrs("198.51.100.0/28"), destination_prefixes=[]))
    networks.update(network, quarantine={IPV4: 24})
    addresses.release_many(addresses.allocate(network, project=project))
    bounds = Bounds(first=ip("198.51.100.2"), last=ip("198.51.100.6"))
    ranges.create(network, bounds, use="by-name", name="vips", project=project, labels={"a": "b"})
    addresses.allocate(network, project=project, addresses=[ip("198.51.100.4")])
    return network


def space() -> list[tuple[object, ...]]:
    columns = "first", "length"
    kept = SetAsideBlock.objects.order_by("first").values_list(*columns, "range", "until", "project_id")
    return [*FreeBlock.objects.order_by("first").values_list(*columns), *kept]


def written() -> str:
    return "".join(backup.write())


def test_ranges_and_what_cools_are_restored(small: Network) -> None:
    before, space_before = written(), space()
    empty()
    backup.restore(io.StringIO(before))
    assert written() == before
    assert [one[1:] for one in space()] == [one[1:] for one in space_before]
    assert list(doctor.examine()) == []
    assert Prefix.objects.get().sets_aside


def test_older_document_has_neither(small: Network) -> None:
    document = json.loads(written())
    document["twofold"] = 3
    for name in ("address_ranges", "cooling", "webhooks", "alert_rules", "told_webhooks", "finding_marks", "holders"):
        del document[name]
    for row in document["networks"]:
        del row["quarantine"], row["quarantine_strict"]
    for row in document["prefixes"]:
        del row["reserve_ends"]
    empty()
    backup.restore(io.StringIO(json.dumps(document)))
    assert not AddressRange.objects.exists()
    assert (Network.objects.get().quarantine, Prefix.objects.get().reserve_ends) == ({}, True)


def test_range_that_keeps_what_is_free_elsewhere_is_mended(small: Network) -> None:
    before = space()
    SetAsideBlock.objects.filter(range__isnull=False).delete()
    Prefix.objects.update(sets_aside=False)
    found = list(doctor.examine())
    assert found
    for finding in found:
        assert finding.remedy is not None
    found[0].remedy.apply()  # type: ignore[union-attr]
    assert space() == before
    assert list(doctor.examine()) == []


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_quarantine_comes_and_goes_with_the_table_of_networks(small: Network, form: str) -> None:
    networks.update(small, quarantine={IPV4: 0.5}, quarantine_strict=True)
    table = b"".join(exports.pieces("networks", form, NETWORKS.rows()))
    assert importing.apply(Table(NETWORKS, io.BytesIO(table), form)).counts == {"unchanged": 1}
    networks.update(small, quarantine={}, quarantine_strict=False)
    importing.apply(Table(NETWORKS, io.BytesIO(table), form))
    small.refresh_from_db()
    assert (small.quarantine, small.quarantine_strict) == ({"ipv4": 0.5}, True)
