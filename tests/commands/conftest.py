from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from ipam.models import Partition, Project

MAPPING = """
partition: mini-lab
project: PROJECT
tenants: {acme: PROJECT}
vrfs: {blue: 700, "65000:8": 800, Global: 900}
"""


@pytest.fixture
def run(db: None) -> Callable[..., str]:
    """Run a management command; what it printed."""

    def run_command(name: str, *arguments: str) -> str:
        out = StringIO()
        call_command(name, *arguments, stdout=out)
        return out.getvalue()

    return run_command


@pytest.fixture
def netbox(run: Callable[..., str], tmp_path: Path, partition: Partition, project: Project) -> Callable[..., list[str]]:
    """Import these files of NetBox, by name; the lines that the command printed."""

    def bring(files: dict[str, str], *options: str, mapping: str = MAPPING) -> list[str]:
        (tmp_path / "mapping.yaml").write_text(mapping.replace("PROJECT", str(project.pk)))
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        paths = [str(tmp_path / name) for name in files]
        return run("import_netbox", *paths, "--mapping", str(tmp_path / "mapping.yaml"), *options).splitlines()

    return bring
