"""What holds the project together: layers, the vocabulary of failure, documentation that names what exists."""

import ast
import functools
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

from ipam import errors
from ipam.api.errors import STATUS

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "docs" / "rules.md"
MAX_MODULE, MAX_FUNCTION = 250, 30  # lines, docstrings included
MAX_TEMPLATE_LINE = 160  # characters
OURS = [
    path
    for folder in ("ipam", "webui")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
CLASSES = [cls for cls in errors.IpamError.__subclasses__() if cls is not errors.Several]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_imports_point_down() -> None:
    checked = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("path", sorted((ROOT / "ipam" / "domain").rglob("*.py")), ids=lambda path: path.stem)
def test_domain_knows_no_http(path: Path) -> None:
    edges = ("rest_framework", "django.http", "django.shortcuts", "django.views", "django_htmx")
    assert [name for name in imports(path) if name.startswith(edges)] == []


def test_no_module_is_long() -> None:
    lengths = {named(path): len(path.read_text().splitlines()) for path in OURS}
    assert [name for name, lines in lengths.items() if lines > MAX_MODULE] == []


def test_no_function_is_long() -> None:
    functions = [
        (path, node)
        for path in OURS
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    lengths = [(f"{named(path)}: {node.name}", (node.end_lineno or 0) - node.lineno + 1) for path, node in functions]
    assert [name for name, lines in lengths if lines > MAX_FUNCTION] == []


def test_public_functions_say_what_they_do() -> None:
    silent = [
        f"{named(path)}: {node.name}"
        for path in OURS
        if path.is_relative_to(ROOT / "ipam")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert silent == []


def test_no_module_is_a_drawer_for_everything() -> None:
    assert [named(path) for path in OURS if path.stem in ("utils", "util", "helpers", "common", "misc")] == []


def test_every_dependency_is_bounded_on_both_sides() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    pinned = "gunicorn=="  # webui/worker.py stands on its insides
    assert [one for one in listed if not (re.search(r">=[\w.]+,<[\w.]+$", one) or one.startswith(pinned))] == []


# --- templates and stylesheets --------------------------------------------------------------------
def test_no_line_of_a_template_is_long() -> None:
    lines = {
        f"{named(path)}:{number}": len(line)
        for path in TEMPLATES
        for number, line in enumerate(path.read_text().splitlines(), start=1)
    }
    assert {place: length for place, length in lines.items() if length > MAX_TEMPLATE_LINE} == {}


def test_every_template_is_named_somewhere() -> None:
    by_django = ("403.html", "404.html", "500.html")
    names = [str(path.relative_to(ROOT / "templates")) for path in TEMPLATES]
    source = "\n".join(path.read_text() for path in (*OURS, *TEMPLATES))
    assert [name for name in names if not (name in source or name in by_django or name.startswith("admin/"))] == []


def test_stylesheets_hold_one_declaration_a_line() -> None:
    sheets = {
        named(path): re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        for path in (ROOT / "static" / "css").glob("*.css")
    }
    assert {name: crowded for name, text in sheets.items() if (crowded := re.findall(r".*[;{] *\S.*", text))} == {}


# --- the vocabulary of failure --------------------------------------------------------------------
def test_every_error_has_a_code_of_its_own() -> None:
    codes = [cls.code for cls in CLASSES]
    assert sorted(codes) == sorted(set(codes))


def test_every_error_has_a_title() -> None:
    assert [cls.__name__ for cls in CLASSES if cls is not errors.Invalid and cls.title == errors.IpamError.title] == []


def test_every_error_is_raised_somewhere() -> None:
    text = "\n".join(path.read_text() for path in OURS if path.parent != ROOT / "ipam" / "errors")
    assert [cls.__name__ for cls in CLASSES if f"errors.{cls.__name__}" not in text and cls.code not in text] == []


def test_statuses_are_of_codes_that_exist() -> None:
    known = {cls.code for cls in CLASSES}
    assert {code for code in STATUS if code not in known} == set()


# --- docs/rules.md --------------------------------------------------------------------------------
def rows() -> dict[str, str]:
    """The rows of the tables in docs/rules.md, by the number of their rule, such as 4 or 4a."""
    return dict(re.findall(r"^\| (\d+[a-z]?) \|(.*)$", RULES.read_text(), re.MULTILINE))


def test_every_rule_has_one_row() -> None:
    numbers = re.findall(r"^\| (\d+) \|", RULES.read_text(), re.MULTILINE)
    assert [int(number) for number in numbers] == list(range(1, 50))


def test_every_rule_names_tests_that_exist() -> None:
    named = {number: re.findall(r"`(test_\w+)::(test_\w+)`", row) for number, row in rows().items()}
    assert [number for number, tests in named.items() if not tests] == []
    assert [
        f"{module}::{test}" for tests in named.values() for module, test in tests if test not in functions_of(module)
    ] == []


def test_every_rule_names_functions_and_constraints_that_exist() -> None:
    source = "\n".join(path.read_text() for path in OURS)
    named = {number: re.findall(r"`(?:\w+\.)?(\w+)`", row.split("|")[1]) for number, row in rows().items()}
    assert [number for number, keepers in named.items() if not keepers] == []
    assert [name for names in named.values() for name in names if not re.search(rf"\b{name}\b", source)] == []


def test_what_the_rules_name_in_a_module_stands_there() -> None:
    stands = {
        (path.stem, name) for path in OURS for name in re.findall(r"^ *(?:def |class )?(\w+)", path.read_text(), re.M)
    }
    assert sorted(set(re.findall(r"`([a-z_]+)\.([A-Za-z_]+)`", RULES.read_text())) - stands) == []


def test_every_code_is_documented() -> None:
    assert [cls.code for cls in CLASSES if f"`{cls.code}`" not in RULES.read_text()] == []


def test_every_constraint_is_documented() -> None:
    constraints = [
        constraint.name for model in apps.get_app_config("ipam").get_models() for constraint in model._meta.constraints
    ]
    assert [name for name in constraints if f"`{name}`" not in RULES.read_text()] == []


@functools.cache
def functions_of(module: str) -> frozenset[str]:
    """Of the modules of this name where the core is tested, and where roles, pages, doors and foreign clients are."""
    folders = ("addressing", "models", "domain", "access", "webui", "compat", "api")
    paths = [path for core in folders for path in (ROOT / "tests" / core).rglob(f"{module}.py")]
    nodes = [node for path in paths for node in ast.parse(path.read_text()).body]
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef))
