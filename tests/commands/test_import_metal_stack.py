import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management.base import CommandError

from ipam.domain.files import documents, exports
from ipam.domain.files.kinds import KINDS
from ipam.domain.health import doctor
from ipam.domain.networks import addresses, completion, networks
from ipam.management.commands.quickstart import EXAMPLE
from ipam.models import IPAddress, Machine, Network, Partition, Project
from tests.builders import IPV4, IPV6
from tests.builders import child as new_child
from tests.clouds import empty

Run = Callable[..., str]


def test_what_was_created_is_listed_and_counted(run: Run) -> None:
    place = "networks[1] “internet-mini-lab”: it is dual-stack, and 1 of its allocations have no"
    assert run("import_metal_stack", str(EXAMPLE)).splitlines() == [
        f"{place} IPv4: 2001:db8:0:113::142. Complete them on its page.",
        f"{place} IPv6: 203.0.113.142. Complete them on its page.",
        "created    partition  mini-lab",
        "created    project    00000000-0000-0000-0000-000000000000",
        "created    project    4b9b17c4-2d7c-4190-ae95-dda44e430fa6",
        "created    network    tenant-super-network-mini-lab",
        "created    network    internet-mini-lab",
        "created    network    underlay-mini-lab",
        "created    address    203.0.113.142",
        "created    address    2001:db8:0:113::142",
        "8 created, 0 unchanged.",
    ]


def test_a_second_run_says_that_nothing_changed(run: Run) -> None:
    run("import_metal_stack", str(EXAMPLE))
    assert run("import_metal_stack", str(EXAMPLE)).splitlines()[-1] == "0 created, 8 unchanged."


def test_dry_run_tells_the_same_and_keeps_nothing(run: Run) -> None:
    tried = run("import_metal_stack", str(EXAMPLE), "--dry-run")
    assert Network.objects.count() == 0
    done = run("import_metal_stack", str(EXAMPLE))
    assert tried == done + "This was a dry run: nothing was kept.\n"


def test_dash_reads_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("partitions: [{id: fra}]"))
    run("import_metal_stack", "-")
    assert Partition.objects.get().pk == "fra"


def test_every_refusal_is_a_line_of_its_own(run: Run, tmp_path: Path) -> None:
    document = tmp_path / "wrong.yaml"
    document.write_text("partitions: [{id: fra, a: 1}, {id: muc, b: 2}]")
    with pytest.raises(CommandError) as refused:
        run("import_metal_stack", str(document))
    assert str(refused.value).splitlines() == [
        "partitions[0] “fra”: “a” is no known key. Correct it, or take it out.",
        "partitions[1] “muc”: “b” is no known key. Correct it, or take it out.",
        "Nothing was imported.",
    ]


@pytest.mark.parametrize("options", [(), ("--skip-refused",)])
def test_files_that_cannot_be_read_are_named_and_nothing_is_changed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(documents, "MAX_YAML", 100)
    for name, text in {"good": b"partitions: [{id: fra}]", "latin": b"\xfc", "list": b"[", "long": b"-" * 101}.items():
        (tmp_path / name).write_bytes(text)
    with pytest.raises(CommandError) as refused:
        run("import_metal_stack", "good", "missing", ".", "latin", "list", "long", *options)
    assert str(refused.value).splitlines() == [
        "missing cannot be read: No such file or directory.",
        ". cannot be read: Is a directory.",
        "latin cannot be read: This is not UTF-8: the byte 0xfc (invalid start byte). Save the file as UTF-8, then "
        "send it again.",
        "list cannot be read: This is not YAML: while parsing a flow node did not find expected node content "
        'in "<unicode string>", line 2, column 1.',
        "long cannot be read: The file has more than 100 characters. Split it, or use CSV, which is read in parts.",
        "Nothing was imported.",
    ]
    assert not Partition.objects.exists()


PROJECT = "4b9b17c4-2d7c-4190-ae95-dda44e430fa6"
CHILD = "6b8f2f9c-91a4-4c3b-9a6e-0d2b7c4e5f60"
NETWORKS = """
- {id: tenants, privatesuper: true, partitionid: fra, prefixes: [10.0.0.0/16, "2001:db8::/48"],
   defaultchildprefixlength: {IPv4: 24, IPv6: 64}, created: 2024-01-01T00:00:00.000Z}
- {id: 6b8f2f9c-91a4-4c3b-9a6e-0d2b7c4e5f60, parentnetworkid: tenants, partitionid: fra, projectid: PROJECT, vrf: 20,
   prefixes: [10.0.7.0/24, "2001:db8:0:7::/64"]}
- {id: strayed, parentnetworkid: tenants, partitionid: fra, projectid: PROJECT, vrf: 21, prefixes: [192.0.2.0/24]}
- {id: twin, parentnetworkid: tenants, partitionid: fra, projectid: PROJECT, vrf: 22, prefixes: [10.0.7.128/25]}
""".replace("PROJECT", PROJECT)
IPS = """
ipaddress: 10.0.7.5
networkid: 6b8f2f9c-91a4-4c3b-9a6e-0d2b7c4e5f60
projectid: 4b9b17c4-2d7c-4190-ae95-dda44e430fa6
allocationuuid: 0a000000-0000-4000-8000-00000000000a
tags: [machine.metal-stack.io/id=m1]
---
ipaddress: "2001:db8:0:7::5"
networkid: 6b8f2f9c-91a4-4c3b-9a6e-0d2b7c4e5f60
projectid: 4b9b17c4-2d7c-4190-ae95-dda44e430fa6
allocationuuid: 0a000000-0000-4000-8000-00000000000a
tags: [machine.metal-stack.io/id=m1]
---
{ipaddress: 10.0.7.6, networkid: 6b8f2f9c-91a4-4c3b-9a6e-0d2b7c4e5f60, projectid: 4b9b17c4-2d7c-4190-ae95-dda44e430fa6,
 tags: [service=web, service=mail]}
---
{ipaddress: 10.0.7.6, networkid: 6b8f2f9c-91a4-4c3b-9a6e-0d2b7c4e5f60, projectid: 00000000-0000-0000-0000-000000000000}
---
{ipaddress: 198.51.100.1, networkid: gone, projectid: 4b9b17c4-2d7c-4190-ae95-dda44e430fa6}
"""
MACHINES = """
- id: m1
  partition: {id: fra}
  allocation:
    {name: web, hostname: web-1, project: 4b9b17c4-2d7c-4190-ae95-dda44e430fa6, role: machine,
     networks: [{networkid: 6b8f2f9c-91a4-4c3b-9a6e-0d2b7c4e5f60, asn: 4210000042, ips: [10.0.7.5, 10.0.7.9]}]}
"""


@pytest.fixture
def dumps(tmp_path: Path) -> list[str]:
    """What metalctl prints, with every kind of drift in it."""
    files = {
        "networks.yaml": NETWORKS,
        "ips.yaml": IPS,
        "machines.yaml": f"{MACHINES}  tags: [service=web, service=mail]\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return [str(tmp_path / name) for name in files]


def test_every_inconsistency_of_the_old_data_is_told(run: Run, dumps: list[str]) -> None:
    printed = run("import_metal_stack", *dumps, "--skip-refused", "--dry-run").splitlines()
    assert [line for line in printed if not line.startswith(("created", "9 created", "This was"))] == [
        "10.0.7.6 has 2 owners: project 4b9b17c4-2d7c-4190-ae95-dda44e430fa6 in network "
        "6b8f2f9c-91a4-4c3b-9a6e-0d2b7c4e5f60, project 00000000-0000-0000-0000-000000000000 in network "
        "6b8f2f9c-91a4-4c3b-9a6e-0d2b7c4e5f60.",
        "networks[1] “6b8f2f9c-91a4-4c3b-9a6e-0d2b7c4e5f60”: it is dual-stack, and 2 of its allocations have no IPv6: "
        "10.0.7.6, 10.0.7.6. Complete them on its page.",
        "machines[0] “m1”: it claims 10.0.7.9, but no such address says that it is this machine's.",
        "Tag “service” stands with several values on 1 of the machines, and the first one is kept: m1.",
        "Not kept, for it has no place here: “created” of networks (1).",
        "Refused: networks[2] “strayed”: 192.0.2.0/24 lies in no prefix of tenants, which has 10.0.0.0/16, "
        "2001:db8::/48.",
        "Refused: networks[3] “twin”: 10.0.7.128/25 overlaps 10.0.7.0/24 of network "
        "6b8f2f9c-91a4-4c3b-9a6e-0d2b7c4e5f60. Choose space outside of it.",
        "Refused: ips[3] “10.0.7.6”: 6b8f2f9c-91a4-4c3b-9a6e-0d2b7c4e5f60 belongs to another project. Use a network "
        "of project 00000000-0000-0000-0000-000000000000, an external or a shared one.",
        "Refused: There is no network “gone”, named by 1 of the addresses: 198.51.100.1. Check the id, or bring it in "
        "first.",
    ]
    assert Network.objects.count() == 0


def test_drift_keeps_everything_out_until_it_is_to_be_skipped(run: Run, dumps: list[str]) -> None:
    with pytest.raises(CommandError, match="Nothing was imported"):
        run("import_metal_stack", *dumps)
    assert Network.objects.count() == 0


def test_what_moves_in_keeps_ids_vrfs_and_allocations(run: Run, dumps: list[str]) -> None:
    run("import_metal_stack", *dumps, "--skip-refused")
    network = Network.objects.get(pk="6b8f2f9c-91a4-4c3b-9a6e-0d2b7c4e5f60")
    assert (network.type, network.parent_id, network.vrf_id) == ("child", "tenants", 20)
    machine = Machine.objects.get()
    assert (machine.pk, machine.name, machine.hostname, machine.asn) == ("m1", "web", "web-1", 4210000042)
    pair = IPAddress.objects.filter(allocation="0a000000-0000-4000-8000-00000000000a")
    assert [(str(one), one.machine_id, one.labels) for one in pair] == [
        ("10.0.7.5", "m1", {}),
        ("2001:db8:0:7::5", "m1", {}),
    ]
    assert list(doctor.examine()) == []


def test_moving_in_twice_changes_nothing(run: Run, dumps: list[str]) -> None:
    run("import_metal_stack", *dumps, "--skip-refused")
    again = run("import_metal_stack", *dumps, "--skip-refused")
    assert again.splitlines()[-1] == "0 created, 9 unchanged."


def test_what_goes_out_comes_in_again(run: Run, cloud: None, tmp_path: Path) -> None:
    before = {name: exports_of(name) for name in ("networks", "machines", "addresses")}
    (tmp_path / "all.yaml").write_text(run("export_metal_stack"))
    empty()
    run("import_metal_stack", str(tmp_path / "all.yaml"))
    assert {name: exports_of(name) for name in before} == before
    assert list(doctor.examine()) == []
    assert run("import_metal_stack", str(tmp_path / "all.yaml")).splitlines()[-1].startswith("0 created, ")


@pytest.mark.parametrize("order", [(0, 2, 1), (0, 1, 2, 1)])
def test_files_may_come_one_after_another(run: Run, agreeing: list[str], order: tuple[int, ...]) -> None:
    for file in order:
        run("import_metal_stack", agreeing[file])
    assert [run("import_metal_stack", file).splitlines()[-1] for file in agreeing] == [
        "0 created, 4 unchanged.",
        "0 created, 3 unchanged.",
        "0 created, 3 unchanged.",
    ]
    assert list(IPAddress.objects.values_list("network", "machine")) == [(CHILD, "m1"), (CHILD, "m1")]
    assert list(doctor.examine()) == []


def test_addresses_that_came_before_their_machine_join_it(run: Run, agreeing: list[str]) -> None:
    run("import_metal_stack", agreeing[0])
    assert run("import_metal_stack", agreeing[1]).splitlines() == [
        "The machines of 2 of the ips are not here yet: 10.0.7.5, 2001:db8:0:7::5. Bring the machines in, then these "
        "again.",
        "unchanged  project    4b9b17c4-2d7c-4190-ae95-dda44e430fa6",
        "created    address    10.0.7.5",
        "created    address    2001:db8:0:7::5",
        "2 created, 1 unchanged.",
    ]
    assert run("import_metal_stack", agreeing[2]).splitlines() == [
        "unchanged  partition  fra",
        "unchanged  project    4b9b17c4-2d7c-4190-ae95-dda44e430fa6",
        "created    machine    m1",
        "joined     address    10.0.7.5",
        "1 created, 2 unchanged, 1 joined.",
    ]
    assert run("import_metal_stack", agreeing[1]).splitlines()[-2:] == [
        "joined     address    2001:db8:0:7::5",
        "0 created, 2 unchanged, 1 joined.",
    ]


def test_what_is_given_out_meanwhile_is_not_complained_about(run: Run, agreeing: list[str]) -> None:
    run("import_metal_stack", *agreeing)
    child, project = Network.objects.get(pk=CHILD), Project.objects.get()
    addresses.allocate(child, project=project, families=[IPV4])
    addresses.allocate(child, project=project)
    networks.create(new_child(parent=child.parent, project=project))
    again = run("import_metal_stack", *agreeing).splitlines()
    assert [line for line in again if not line.startswith("unchanged")] == ["0 created, 7 unchanged."]


def test_a_pair_that_was_completed_here_is_no_drift_any_more(run: Run, agreeing: list[str], tmp_path: Path) -> None:
    single = tmp_path / "single.yaml"
    single.write_text(
        f"{{ipaddress: 10.0.7.8, networkid: {CHILD}, projectid: {PROJECT}, allocationuuid: {UUID(int=8)}}}"
    )
    run("import_metal_stack", agreeing[0])
    told = f"{CHILD}: it is dual-stack, and 1 of its allocations have no IPv6: 10.0.7.8. Complete them on its page."
    assert run("import_metal_stack", str(single)).splitlines()[0] == told
    completion.complete(Network.objects.get(pk=CHILD), IPV6)
    assert told not in run("import_metal_stack", str(single)).splitlines()


def test_pairs_of_machines_become_pairs_where_that_is_asked_for_and_stay_so(
    run: Run, agreeing: list[str], tmp_path: Path
) -> None:
    ips = Path(agreeing[1])
    ips.write_text(ips.read_text().replace("00000000000a\n", "00000000000b\n", 1))
    run("import_metal_stack", *agreeing, "--pair")
    (only,) = set(IPAddress.objects.values_list("allocation", flat=True))
    assert only == UUID("0a000000-0000-4000-8000-00000000000b")
    assert run("import_metal_stack", *agreeing, "--pair").splitlines()[-1] == "0 created, 7 unchanged."


@pytest.fixture
def agreeing(tmp_path: Path) -> list[str]:
    """What metalctl prints, without any drift; one address is of the machine by its tag alone."""
    networks_ = "".join(NETWORKS.partition("- {id: strayed")[:1]).replace(", created: 2024-01-01T00:00:00.000Z", "")
    ips = "---".join(IPS.split("---")[:2])
    files = {"1.yaml": networks_, "2.yaml": ips, "3.yaml": MACHINES.replace(", 10.0.7.9", "")}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return [str(tmp_path / name) for name in files]


def exports_of(name: str) -> list[dict[str, Any]]:
    """A table without what metal-stack has no word for: the ids of addresses, how long space cools."""
    kind = KINDS[name]
    hidden = {"addresses": {"id"}, "networks": {"quarantine"}}.get(name, set())
    rows = [{key: value for key, value in row.items() if key not in hidden} for row in exports.rows(kind, kind.rows())]
    return sorted(rows, key=str)
