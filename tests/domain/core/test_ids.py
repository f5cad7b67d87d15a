"""Rule 4b: no id is a word of ours, and ids that differ only in case are one."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import URLPattern, URLResolver, get_resolver

from ipam import errors
from ipam.domain.health import doctor
from ipam.domain.networks import children, ids, machines, networks, older_data, partitions
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Machine, Network, Partition, Project, guards
from tests.builders import child, cidrs, external
from tests.shared import shared_fixture
from webui.views import registry

Make = Callable[[str], Any]
COLLECTIONS = {"networks": Network, "machines": Machine, "partitions": Partition}


@pytest.fixture(params=["network", "adopted child", "machine", "partition"])
def kind(request: Any) -> str:
    return str(request.param)


@pytest.fixture
def make(kind: str, partition: Partition, project: Project, tenants: Network, private: Network) -> Make:
    """Whatever makes something with an id that people choose."""
    cidr = cidrs("10.0.8.0/22")
    joined = [Attachment(network=private)]
    makers: dict[str, Make] = {
        "network": lambda id: networks.create(external(id=id)),
        "adopted child": lambda id: children.import_child(child(id=id, parent=tenants, project=project, prefixes=cidr)),
        "machine": lambda id: machines.allocate(id=id, project=project, partition=partition, networks=joined),
        "partition": lambda id: partitions.create(id=id),
    }
    return makers[kind]


def routes(patterns: Any, before: str = "") -> Iterator[str]:
    for one in patterns:
        route = before + str(one.pattern).removeprefix("^").removesuffix("$").removesuffix(r"\Z")
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns, route)
        elif isinstance(one, URLPattern):
            yield route


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_every_word_that_stands_where_an_id_could_is_reserved(collection: str) -> None:
    beside = set()
    for route in routes(get_resolver().url_patterns):
        parts = (route.replace("<section:section>", collection) if collection in registry.KINDS else route).split("/")
        if parts[0] != "admin" and collection in parts[:-1]:  # the admin's page of an object ends in /change/
            beside.add(parts[parts.index(collection) + 1])
    words = {word for word in beside if word.isidentifier()}
    assert words == ids.RESERVED_IDS[COLLECTIONS[collection]]


@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_reserved_id_is_refused_in_any_case(kind: str, make: Make, change: Callable[[str], str]) -> None:
    with pytest.raises(errors.ReservedId) as refusal:
        make(change("allocate" if kind == "machine" else "new"))
    assert refusal.value.field == "id"


def test_id_that_differs_only_in_case_is_taken(make: Make) -> None:
    make("Rack-1")
    with pytest.raises(errors.AlreadyExists, match="Rack-1, and ids that differ only in case are one") as refusal:
        make("rack-1")
    assert refusal.value.field == "id"


def test_database_refuses_ids_that_differ_only_in_case(
    partition: Partition, private: Network, machine: Machine
) -> None:
    for one in (partition, private, machine):
        model = type(one)
        copy = model(**{field.attname: getattr(one, field.attname) for field in model._meta.concrete_fields})
        copy.pk = str(one.pk).upper()
        if isinstance(copy, Machine):
            copy.asn += 1
        with pytest.raises(IntegrityError, match=guards.ID_ONCE), transaction.atomic():
            copy.save(force_insert=True)


# --- data that is older than the rule ---------------------------------------------------------------
@shared_fixture
def older() -> None:
    """What was made before the rule held, migrated."""
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX ipam_partition_id_once_in_any_case")
    Partition.objects.bulk_create(Partition(id=id) for id in ("fra", "FRA", "new"))
    guards.install(using="default")


def test_older_ids_stay_and_the_doctor_tells_of_them(older: None) -> None:
    assert list(doctor.examine()) == []
    assert list(older_data.sentences()) == [
        "The partition “new” has the name of a page, which hides it there. The API knows it.",
        "The ids FRA, fra of partitions differ only in case: people take them for one.",
    ]


def test_no_third_one_is_made_beside_an_older_pair(older: None) -> None:
    with pytest.raises(errors.AlreadyExists):
        partitions.create(id="Fra")


def test_index_is_made_once_the_pair_is_gone(older: None) -> None:
    partitions.delete(Partition.objects.get(pk="FRA"))
    connection.check_constraints()  # with events of triggers pending, a table takes no index
    guards.install(using="default")
    with pytest.raises(IntegrityError), transaction.atomic():
        Partition.objects.bulk_create([Partition(id="Fra")])
