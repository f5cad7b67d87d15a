"""An installation as one JSON document, and back: every id, VRF, ASN, time and generation as it was.

What is derived is left out and derived again: free blocks, what ranges keep, the number pools, what quotas count.
Users, their roles and tokens are no part of it, nor are the change history and its tenures: who holds what is held
begins with the rows, perhaps before. How use went over time is; findings are not, so neither is when they were
surveyed. Alert rules are, and what was said of findings; webhooks are too, and come back switched off: whoever switches
one on is who made it. One row is one line, in an order that depends on nothing but the rows, so that two documents can
be compared.
"""

import json
from collections.abc import Iterator, Mapping
from typing import TextIO

from django.core.management.color import no_style
from django.db import IntegrityError, connection, models

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.core import access, bulk_insert, history
from ipam.domain.core.bulk_insert import OnProgress
from ipam.domain.core.constraints import lasting_refusal
from ipam.domain.core.operations import operation, snapshot
from ipam.domain.core.permissions import Permission
from ipam.domain.files import backup_rows
from ipam.domain.files.documents import JsonReader, ParseError
from ipam.domain.health import doctor, rebuilding
from ipam.domain.networks import quota_limits, rules
from ipam.domain.space import reservations
from ipam.domain.space.number_pools import Pool
from ipam.models import (
    VRF,
    AddressHolder,
    AddressRange,
    AlertRule,
    Claim,
    Cluster,
    ClusterRange,
    FindingMark,
    IPAddress,
    LocalSpace,
    Machine,
    MachineNetwork,
    Network,
    Partition,
    Prefix,
    Project,
    Quota,
    Sample,
    Series,
    SetAsideBlock,
    Webhook,
    default_rules,
    guards,
)
from ipam.models.base import labels_kept
from ipam.models.events import Verb
from ipam.models.holder_guards import HOLDERS_SHARE, ONLY_SHARED

VERSIONS = (2, 3, 4, 5)  # the last is written
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
    "quotas": Quota,
    "series": Series,
    "samples": Sample,
    "webhooks": Webhook,
    "alert_rules": AlertRule,
    "told_webhooks": AlertRule.webhooks.through,
    "finding_marks": FindingMark,
    "address_ranges": AddressRange,
    "cooling": SetAsideBlock,
    "holders": AddressHolder,
}
_SINCE = {
    **dict.fromkeys(("quotas", "series", "samples"), 3),
    **dict.fromkeys(("webhooks", "alert_rules", "told_webhooks", "finding_marks", "address_ranges", "cooling"), 4),
    "holders": 5,
}  # versions; older documents lack these sections
_CHUNK = 2_000  # networks
Sections = Mapping[str, type[models.Model]]


def write() -> Iterator[str]:
    """The document, line by line, of one moment: others may go on working."""
    access.require(Permission.OPERATE)  # whole URLs of webhooks, addresses of mail
    with snapshot():
        yield f'{{"twofold": {VERSIONS[-1]}'
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
    sections = _fill(file, on_progress)
    _violations_of_networks()
    reservations.keep_apart()
    rebuilding.build_all()
    for pool in Pool:
        rebuilding.rebuild_pool(pool)
    quota_limits.count_again()
    kept = {section: model._default_manager.count() for section, model in sections.items()}
    history.record_filled(
        Verb.IMPORT,
        count=sum(kept.values()),
        changes={section: [0, count] for section, count in kept.items() if count},
    )
    _validate_all()


def _refuse_what_is_filled() -> None:
    own = AlertRule.objects.exclude(generation=1, name__in=[name for name, *_ in default_rules.RULES])
    filled = (model._default_manager for model in SECTIONS.values() if model not in (LocalSpace, AlertRule))
    if own.exists() or any(objects.exists() for objects in filled):
        raise errors.AlreadyExists(
            "This installation is not empty. Set DATABASE_URL to a new database, migrate it, and restore there."
        )


def _fill(file: TextIO, on_progress: OnProgress) -> Sections:
    """The sections that the document has."""
    LocalSpace.objects.all().delete()  # what this installation has drawn for itself
    file.seek(0)  # a further try reads it again
    try:
        with guards.ids_in_any_case():
            return _read(JsonReader(file), on_progress)
    except IntegrityError as error:
        if "FOREIGN KEY" in str(error).upper():
            raise errors.NotFound(f"A row refers to another that the document does not have: {error}") from None
        if HOLDERS_SHARE in str(error):
            raise errors.Invalid(ONLY_SHARED) from None
        raise lasting_refusal(error) from error


def _read(reader: JsonReader, on_progress: OnProgress) -> Sections:
    broken: list[errors.IpamError] = []
    if not reader.take("{"):
        raise ParseError("This is no backup document. If it is a table, say with --kind what its rows are.")
    _expect_key(reader, "twofold")
    if (version := reader.value()) not in VERSIONS:
        known = f"versions {VERSIONS[0]} to {VERSIONS[-1]} can be restored."
        raise ParseError(f"This is a document of version {shorten(version)}; {known}")
    sections = {section: model for section, model in SECTIONS.items() if version >= _SINCE.get(section, 0)}
    if "alert_rules" in sections:
        AlertRule.objects.all().delete()  # those that an installation begins with
    for section, model in sections.items():
        reader.expect(",")
        _expect_key(reader, section)
        entries = enumerate(reader.elements())
        later = {} if version >= backup_rows.WHOLE_SINCE else backup_rows.LATER.get(model, {})
        rows = (backup_rows.read(model, raw, f"{section}[{place}]", broken, later) for place, raw in entries)
        for batch in bulk_insert.batches(rows):
            if broken:
                continue  # to hear of further faults
            with labels_kept():  # the longer ones of older data too
                bulk_insert.bulk_insert(model, batch, on_progress)
        errors.raise_all(broken)
    reader.expect("}")
    reader.end()
    _go_on_counting()
    return sections


def _go_on_counting() -> None:
    """Let what is made later be numbered after what was restored."""
    if connection.vendor == "postgresql":
        counted = [Prefix, Series, Webhook, AlertRule, SetAsideBlock, AddressHolder]
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), counted):
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
