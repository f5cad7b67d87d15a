"""`python -m tests.upstream FOLDER`: reads every kind of document by the schemas in a folder, unknown fields refused.

Prints for each kind of object what it was read by, or that the folder has nothing for it, and ends with 1 when a
schema refuses something, or nothing was read by any. Nothing of the folder is kept.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import yaml
from django.db import connection
from jsonschema import Draft7Validator

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webui.settings")
django.setup()

from ipam.domain.core import context  # noqa: E402  it has models
from tests.upstream import schemas, sets  # noqa: E402

_WITHOUT_KIND = {"metal-network": ("metal-api/v1", "NetworkCreateRequest")}  # documents of an API that has no kinds


def main(folder: Path) -> int:
    """The number of the process's end: 0 when something is read and nothing is refused."""
    known = schemas.read(folder)
    if not known:
        print(f"There is no schema in {folder}: nothing was read.")
        return 1
    seen: dict[tuple[str, str], str] = {}
    refused = 0
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        with context.system():
            for cluster, document in sets.emitted():
                for one in yaml.safe_load_all(document.text) if document.file_name.endswith(".yaml") else ():
                    for typed in [one] if document.kind in _WITHOUT_KIND else _typed(one):
                        key = _WITHOUT_KIND.get(document.kind) or (typed["apiVersion"], typed["kind"])
                        schema, source = known.get(key, ({}, ""))
                        seen[key] = source
                        for error in Draft7Validator(schema).iter_errors(typed):
                            refused += 1
                            print(f"{cluster}: {document.kind}: {key[1]} {error.json_path}: {error.message[:200]}")
    finally:
        connection.creation.destroy_test_db(str(connection.settings_dict["NAME"]), verbosity=0)
    for (version, kind), source in sorted(seen.items()):
        print(f"{version} {kind}: {source or 'no schema in the folder'}")
    return 0 if any(seen.values()) and not refused else 1


def _typed(value: Any) -> Iterator[dict[str, Any]]:
    """A document, and those that stand inside of it."""
    if isinstance(value, dict):
        if "apiVersion" in value and "kind" in value:
            yield value
        for one in value.values():
            yield from _typed(one)
    elif isinstance(value, list):
        for one in value:
            yield from _typed(one)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
