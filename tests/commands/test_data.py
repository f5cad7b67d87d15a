"""Data in and out at the command line: the backup document, tables, DNS, an inventory."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from ipam.domain.files import backup
from ipam.domain.networks import addresses
from ipam.models import IPAddress, Network, Partition, Project
from tests.clouds import empty

Run = Callable[..., str]


def test_a_backup_is_restored_to_the_byte(run: Run, cloud: None, tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    run("export_data", str(first))
    empty()
    assert run("import_data", str(first)) == "Restored.\n"
    run("export_data", str(second))
    assert second.read_bytes() == first.read_bytes()


def test_a_backup_is_not_restored_over_something(run: Run, cloud: None, tmp_path: Path) -> None:
    run("export_data", str(tmp_path / "backup.json"))
    with pytest.raises(CommandError, match="This installation is not empty"):
        run("import_data", str(tmp_path / "backup.json"))


def test_a_table_is_previewed_until_apply_is_said(run: Run, partition: Partition, tmp_path: Path) -> None:
    file = tmp_path / "partitions.csv"
    file.write_text("id,name\nmini-lab,Lab\nfra,\nx,\n")
    told = [
        "refused         4  x  invalid: An id has 2 to 128 letters, digits, dots, dashes or underscores, and starts "
        "and ends with a letter or digit.",
        "changed         2  mini-lab  name:  → Lab",
        "new             3  fra",
        "1 new, 1 changed, 0 unchanged, 1 refused.",
    ]
    preview = run("import_data", str(file), "--kind", "partitions").splitlines()
    assert preview == [*told, "This was a preview: nothing was kept. Add --apply to keep it."]
    assert Partition.objects.count() == 1
    with pytest.raises(CommandError, match="Row 4: An id has 2 to 128"):
        run("import_data", str(file), "--kind", "partitions", "--apply")
    assert Partition.objects.count() == 1
    done = run("import_data", str(file), "--kind", "partitions", "--apply", "--skip-refused")
    assert (done.splitlines(), Partition.objects.count()) == (told, 2)


def test_exports_are_filtered_as_lists_are(run: Run, internet: Network, project: Project, tmp_path: Path) -> None:
    addresses.allocate(internet, project=project, count=3)
    file = tmp_path / "addresses.csv"
    run("export_data", str(file), "--kind", "addresses", "--filter", "address_family=ipv6", "--filter", "q=2001:")
    assert len(file.read_text().splitlines()) == 4
    with pytest.raises(CommandError, match="There is no parameter “famly” here"):
        run("export_data", str(file), "--kind", "addresses", "--filter", "famly=ipv6")


def test_zones_are_written_for_a_network(run: Run, internet: Network, project: Project, tmp_path: Path) -> None:
    addresses.allocate(internet, project=project, name="vpn")
    file = tmp_path / "zone"
    run("export_data", str(file), "--kind", "zones", "--filter", "network=internet", "--domain", "example.org")
    assert "vpn.example.org. IN AAAA 2001:db8:0:113::1\n" in file.read_text()


def test_a_format_that_the_name_does_not_say_is_asked_for(run: Run, db: None, tmp_path: Path) -> None:
    (tmp_path / "table").write_text("[]")
    with pytest.raises(CommandError, match=r"ends with none of \.csv"):
        run("import_data", str(tmp_path / "table"), "--kind", "addresses")
    assert run("import_data", str(tmp_path / "table"), "--kind", "addresses", "--format", "json")[:5] == "0 new"
    assert IPAddress.objects.count() == 0


def test_a_file_that_is_not_there_is_told(run: Run, db: None) -> None:
    with pytest.raises(CommandError, match=r"nowhere\.csv cannot be read"):
        run("import_data", "nowhere.csv", "--kind", "addresses")


@pytest.mark.parametrize(
    ("name", "options", "start"),
    [
        ("a.csv", [], b"id,"),
        ("a.json", [], b"[\n{"),
        ("A.YML", [], b"- id: mini-lab"),
        ("a.xlsx", [], b"PK"),
        ("a.txt", [], b"id,"),
        ("a", [], b"id,"),
        ("a.csv", ["--format", "json"], b"[\n{"),
    ],
)
def test_the_name_of_a_file_says_its_format(
    run: Run, partition: Partition, tmp_path: Path, name: str, options: list[str], start: bytes
) -> None:
    run("export_data", str(tmp_path / name), "--kind", "partitions", *options)
    assert (tmp_path / name).read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["a.csv"], "A backup is a JSON document: call it a.json, or say with --kind what to write as a table."),
        (["a.csv", "--kind", "zones"], "zones come as zone, not as “csv”"),
        (["a.json", "--format", "json"], "--format and --filter are about a table: say --kind too."),
        (["a.json", "--filter", "network=internet"], "--format and --filter are about a table: say --kind too."),
    ],
)
def test_what_would_be_another_file_than_was_meant_is_refused(
    run: Run, db: None, tmp_path: Path, arguments: list[str], why: str
) -> None:
    with pytest.raises(CommandError) as refused:
        run("export_data", str(tmp_path / arguments[0]), *arguments[1:])
    assert (str(refused.value)[: len(why)], list(tmp_path.iterdir())) == (why, [])


def test_an_export_that_breaks_off_leaves_the_last_one_as_it_was(
    run: Run, partition: Partition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Iterator[str]:
        yield "{"
        raise OSError("no space left")

    file = tmp_path / "backup.json"
    run("export_data", str(file))
    before = file.read_bytes()
    monkeypatch.setattr(backup, "write", broken)
    with pytest.raises(CommandError, match="cannot be written: no space left"):
        run("export_data", str(file))
    assert (file.read_bytes(), list(tmp_path.iterdir())) == (before, [file])


def test_a_table_is_no_backup(run: Run, db: None, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\nfra\n")
    with pytest.raises(CommandError, match="is a table: say with --kind what its rows are"):
        run("import_data", str(tmp_path / "a.csv"))


def test_a_list_is_no_backup(run: Run, db: None, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"id": "fra"}]')
    with pytest.raises(CommandError, match="If it is a table, say with --kind"):
        run("import_data", str(tmp_path / "a.json"))


def test_a_backup_with_a_byte_order_mark_is_restored(run: Run, db: None, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    run("export_data", str(file))
    file.write_text(file.read_text(), encoding="utf-8-sig")
    assert run("import_data", str(file)) == "Restored.\n"
