from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from ipam.models import Project


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file or directory."),
        (b"\xfc", "This is not UTF-8: the byte 0xfc (invalid start byte). Save the file as UTF-8, then send it again."),
        (b"{}", "This is not the JSON that was expected: [ is missing before “{}”."),
    ],
)
def test_file_that_cannot_be_read_is_named(
    run: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: Project, content: bytes, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "dump.json").write_bytes(content)
    with pytest.raises(CommandError) as refused:
        run("import_go_ipam", "dump.json", "--project", str(project.pk))
    assert str(refused.value).splitlines() == [f"dump.json cannot be read: {why}", "Nothing was imported."]
