"""What is exported as a table comes back as it was, in every format."""

import io
import json
import os
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ipam import errors
from ipam.demo import seeding
from ipam.domain.core.operations import dry_run
from ipam.domain.files import backup, exports, importing
from ipam.domain.files.columns import Kind
from ipam.domain.files.kinds import (
    ADDRESSES,
    KINDS,
    PARTITIONS,
)
from ipam.domain.files.tables import Table
from ipam.domain.health import doctor
from ipam.domain.networks import addresses
from ipam.labels import LABEL_NAME_LENGTH, LABEL_PREFIX_LENGTH, LABEL_VALUE_LENGTH, MAX_LABELS
from ipam.models import IPAddress, Machine, Network, Partition, Project
from ipam.models.managed import METAL_STACK
from ipam.wording import count_of
from tests.builders import IPV4
from tests.clouds import empty
from tests.domain.files.tables import FORMATS, exported, made

MANY = int(os.environ.get("IMPORT_ROWS", "2000"))  # the bench stores 100,000


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
