"""Tables of addresses: what is new, what changes, and whose projects are called by name."""

from uuid import uuid4

from django.db import connection
from django.test.utils import CaptureQueriesContext

from ipam.domain.core.operations import dry_run
from ipam.domain.files import importing
from ipam.domain.files.kinds import ADDRESSES
from ipam.domain.networks import addresses
from ipam.models import IPAddress, Network, Project
from tests.builders import IPV4, set_older_labels
from tests.domain.files.tables import csv, made, reasons, table, told


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


def test_row_that_only_renames_leaves_older_labels_as_they_are(internet: Network, project: Project) -> None:
    (one,) = addresses.allocate(internet, project=project, families=[IPV4])
    set_older_labels(one, {"x" * 255: "kept"})
    renamed = importing.preview(table(ADDRESSES, {"id": str(one.pk), "name": "new"}))
    assert told(renamed) == [(1, str(one.pk), "changed")]


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
