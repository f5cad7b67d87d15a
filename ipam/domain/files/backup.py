"""An installation as one JSON document, and back: every id, VRF, ASN, time and generation as it was.

What is derived is left out and derived again: free blocks and the number pools. Users, their roles and tokens are no
part of it, nor are the change history and its tenures: who holds what is held begins with the rows, perhaps before.
One row is one line, in an order that depends on nothing but the rows, so that two documents can be compared.
"""

import json
from collections.abc import Iterator
from typing import TextIO

from django.core.management.color import no_style
from django.db import IntegrityError, connection, models

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.core import access, bulk_insert, history
from ipam.domain.core.bulk_insert import OnProgress
from ipam.domain.core.operations import lasting_refusal, operation, snapshot
from ipam.domain.core.permissions import Permission
from ipam.domain.files import backup_rows
from ipam.domain.files.documents import JsonReader, ParseError
from ipam.domain.health import doctor, rebuilding
from ipam.domain.networks import rules
from ipam.domain.space.number_pools import Pool
from ipam.models import (
    VRF,
    Claim,
    Cluster,
    ClusterRange,
    IPAddress,
    LocalSpace,
    Machine,
    MachineNetwork,
    Network,
    Partition,
    Prefix,
    Project,
    guards,
)
from ipam.models.base import labels_kept
from ipam.models.events import Verb

VERSION = 2
SECTIONS: dict[str, type[models.Model]] = {
    "partitions": Partition,
    "projects": Project,
    "vrfs": VRF,
    "networks": Network,
    "prefixes": Prefix,
    "machines": Machine,
    "attachments": MachineNetwork,
    "addresses": IPAddress,
    "clusters": Cluster,
    "ranges": ClusterRange,
    "claims": Claim,
    "local_space": LocalSpace,
}
_CHUNK = 2_000  # networks


def write() -> Iterator[str]:
    """The document, line by line, of one moment: others may go on working."""
    access.require(Permission.READ)
    with snapshot():
        yield f'{{"twofold": {VERSION}'
        for section, model in SECTIONS.items():
            yield f',\n"{section}": ['
            separator = "\n"
            for row in backup_rows.written(model):
                yield separator + json.dumps(row, ensure_ascii=False, sort_keys=True)
                separator = ",\n"
            yield "]"
        yield "}\n"


@operation
def restore(file: TextIO, on_progress: OnProgress = lambda rows: None) -> None:
    """Fill an empty installation from a document. All of it, or nothing.

    Everything is judged again: by the constraints of the database, by the rules for networks, and by the doctor, who
    must find nothing. AlreadyExists unless the installation is empty.
    """
    access.require(Permission.OPERATE)
    _refuse_what_is_filled()
    _fill(file, on_progress)
    _violations_of_networks()
    rebuilding.build_all()
    for pool in Pool:
        rebuilding.rebuild_pool(pool)
    kept = {section: model._default_manager.count() for section, model in SECTIONS.items()}
    history.record_filled(
        Verb.IMPORT,
        count=sum(kept.values()),
        changes={section: [0, count] for section, count in kept.items() if count},
    )
    _validate_all()


def _refuse_what_is_filled() -> None:
    if any(model._default_manager.exists() for model in SECTIONS.values() if model is not LocalSpace):
        raise errors.AlreadyExists(
            "This installation is not empty. Set DATABASE_URL to a new database, migrate it, and restore there."
        )


def _fill(file: TextIO, on_progress: OnProgress) -> None:
    LocalSpace.objects.all().delete()  # what this installation has drawn for itself
    file.seek(0)  # a further try reads it again
    try:
        with guards.ids_in_any_case():
            _read(JsonReader(file), on_progress)
    except IntegrityError as error:
        if "FOREIGN KEY" in str(error).upper():
            raise errors.NotFound(f"A row refers to another that the document does not have: {error}") from None
        raise lasting_refusal(error) from error


def _read(reader: JsonReader, on_progress: OnProgress) -> None:
    broken: list[errors.IpamError] = []
    if not reader.take("{"):
        raise ParseError("This is no backup document. If it is a table, say with --kind what its rows are.")
    _expect_key(reader, "twofold")
    if (version := reader.value()) != VERSION:
        raise ParseError(f"This is a document of version {shorten(version)}; version {VERSION} can be restored.")
    for section, model in SECTIONS.items():
        reader.expect(",")
        _expect_key(reader, section)
        entries = enumerate(reader.elements())
        rows = (backup_rows.read(model, raw, f"{section}[{place}]", broken) for place, raw in entries)
        for batch in bulk_insert.batches(rows):
            if broken:
                continue  # to hear of further faults
            with labels_kept():  # the longer ones of older data too
                bulk_insert.bulk_insert(model, batch, on_progress)
        errors.raise_all(broken)
    reader.expect("}")
    reader.end()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), [Prefix]):
                cursor.execute(statement)


def _expect_key(reader: JsonReader, key: str) -> None:
    if (found := reader.value()) != key:
        raise ParseError(f"This is no backup document: “{key}” is missing before “{shorten(found)}”.")
    reader.expect(":")


def _violations_of_networks() -> None:
    """What a network must look like (rules 4, 5, 6 and 9), for all of them."""
    broken: list[errors.IpamError] = []
    for network in Network.objects.prefetch_related("prefixes").iterator(chunk_size=_CHUNK):
        cidrs = [prefix.cidr for prefix in network.prefixes.all()]
        broken += [type(error)(f"{network.pk}: {error.detail}") for error in rules.violations(network, cidrs)]
    errors.raise_all(broken)


def _validate_all() -> None:
    """The doctor must find nothing."""
    broken: list[errors.IpamError] = []
    for finding in doctor.examine():
        backup_rows.refuse(broken, finding.sentence)
    errors.raise_all(broken)
