"""Quotas and imports: rows are judged one by one, counted together at the end, and nobody waits until then."""

import io
import json
from functools import partial
from typing import Any

import pytest
from django.db import connection

from ipam import errors
from ipam.domain.files import importing
from ipam.domain.files.columns import Kind
from ipam.domain.files.kinds import ADDRESSES, NETWORKS
from ipam.domain.files.tables import Table
from ipam.domain.networks import addresses, quota_limits
from ipam.models import Network, Project, Quota
from tests.builders import IPV4
from tests.domain.core.test_waiting import elsewhere

needs_two_writers = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")


def limit(project: Project, most: int, of: str = "addresses") -> Quota:
    return quota_limits.create(project=project, address_family=IPV4, resource=of, limit=most)


def used(quota: Quota) -> int:
    quota.refresh_from_db()
    assert quota.used == quota_limits.count(quota)
    return quota.used


def bring(kind: Kind, *rows: dict[str, Any], **options: Any) -> dict[int, str]:
    """What became of each row: its state, or the code of why it was refused."""
    summary = importing.apply(Table(kind, io.BytesIO(json.dumps(rows).encode()), "json"), **options)
    told = {one.place: one.state for one in summary.shown(99)}
    return told | {one.place: one.reasons[0].code for one in summary.refused}


def row(network: Network, project: Project, number: int) -> dict[str, Any]:
    return {"ip": f"203.0.113.{130 + number}", "network": network.pk, "project": str(project.pk)}


def carved(parent: Network, project: Project, number: int) -> dict[str, Any]:
    prefixes = [f"10.0.{4 * number}.0/22"]
    return {
        "id": f"c{number}",
        "type": "child",
        "parent": parent.pk,
        "project": str(project.pk),
        "prefixes": prefixes,
    }


def test_rows_past_a_quota_are_refused_and_the_others_counted_at_the_end(internet: Network, project: Project) -> None:
    quota = limit(project, 2)
    rows = [row(internet, project, number) for number in range(4)]
    with pytest.raises(errors.Several, match="may have 2 IPv4 addresses and has 2"):
        bring(ADDRESSES, *rows)
    assert used(quota) == 0
    assert bring(ADDRESSES, *rows, skip_refused=True) == {1: "new", 2: "new", 3: "quota_exceeded", 4: "quota_exceeded"}
    assert used(quota) == 2


def test_row_that_is_refused_after_it_was_charged_owes_nothing(tenants: Network, project: Project) -> None:
    networks, space = limit(project, 2, "networks"), limit(project, 9999, "space")
    rows = [carved(tenants, project, number) for number in range(1, 5)]
    rows[0]["namespace"] = str(project.pk)  # which follows from what was made
    assert bring(NETWORKS, *rows, skip_refused=True) == {
        1: "forbidden_field", 2: "new", 3: "new", 4: "quota_exceeded"
    }  # fmt: skip
    assert (used(networks), used(space)) == (2, 2048)


@needs_two_writers
@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_an_import_of_the_same_project(internet: Network, project: Project) -> None:
    quota = limit(project, 9)
    take = partial(addresses.allocate, internet, project=project)
    bring(ADDRESSES, row(internet, project, 0), on_progress=lambda rows: elsewhere(take))
    assert used(quota) == 2


@needs_two_writers
@pytest.mark.django_db(transaction=True)
def test_quota_that_others_use_up_meanwhile_refuses_rows_in_a_second_try(internet: Network, project: Project) -> None:
    quota, taken = limit(project, 2), []

    def meanwhile(rows: int) -> None:
        if not taken:
            taken.extend(elsewhere(partial(addresses.allocate, internet, project=project, families=[IPV4])))

    rows = [row(internet, project, number) for number in range(2)]
    assert bring(ADDRESSES, *rows, skip_refused=True, on_progress=meanwhile) == {1: "new", 2: "quota_exceeded"}
    assert used(quota) == 2


@needs_two_writers
@pytest.mark.django_db(transaction=True)
def test_quota_that_is_used_up_while_rows_are_stored_refuses_them_in_a_second_try(
    internet: Network, project: Project
) -> None:
    quota, taken = limit(project, 2), []

    def meanwhile(execute: Any, sql: str, *rest: Any) -> Any:
        if not taken and "INSERT INTO ipam_tenure" in sql:  # rows are judged by then, and not charged
            taken.extend(elsewhere(partial(addresses.allocate, internet, project=project, families=[IPV4])))
        return execute(sql, *rest)

    rows = [row(internet, project, number) for number in range(2)]
    with connection.execute_wrapper(meanwhile):
        assert bring(ADDRESSES, *rows, skip_refused=True) == {1: "new", 2: "quota_exceeded"}
    assert used(quota) == 2
