import io
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from ipam.management.commands.quickstart import EXAMPLE
from ipam.models import Network, Partition

Run = Callable[..., str]


def test_what_was_created_is_listed_and_counted(run: Run) -> None:
    assert run("import_metal_stack", str(EXAMPLE)).splitlines()[3:] == [
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
    rehearsed = run("import_metal_stack", str(EXAMPLE), "--dry-run")
    assert Network.objects.count() == 0
    done = run("import_metal_stack", str(EXAMPLE))
    assert rehearsed == done + "This was a rehearsal: nothing was kept.\n"


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


def test_file_that_is_not_there_is_told(run: Run) -> None:
    with pytest.raises(CommandError, match=r"nowhere\.yaml cannot be read"):
        run("import_metal_stack", "nowhere.yaml")
