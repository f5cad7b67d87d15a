"""What kinds of findings are called."""

import re
from pathlib import Path

from ipam.models.findings import CODES
from webui import work

RULES = Path(__file__).parents[2] / "docs" / "rules.md"


def test_every_code_that_findings_have_is_called_something() -> None:
    table = RULES.read_text().partition("\n## Findings\n")[2]
    rows = re.findall(r"^\| ([a-z_, ]+) \|", table, re.MULTILINE)
    told = {code for row in rows for code in row.split(", ") if code != "finding"}
    assert set(work.KINDS) == CODES | {"survey_old"} == told
