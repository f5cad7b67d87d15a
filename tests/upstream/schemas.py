"""Schemas of a folder, by apiVersion and kind: definitions of custom resources, JSON schemas, and types of Go.

Of an API that has no kinds it is the definitions of its Swagger document, by the name of its folder: `metal-api/v1`,
`NetworkCreateRequest`.

Each refuses fields that it does not know. Go's files lie in folders named like their group and version, such as
`core.gardener.cloud/v1beta1/types_shoot.go`: of these only fields and kinds of values are known, not what is required.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Schema = dict[str, Any]
Schemas = dict[tuple[str, str], tuple[Schema, str]]  # with the file that each comes from

_STRUCT = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.M | re.S)
_ALIAS = re.compile(r"^type (\w+) =? ?([\w.]+)$", re.M)
_FIELD = re.compile(r"^\s*(?:(\w+)\s+)?([*\[\]\w.]+)\s+`json:\"([^\"]*)\"", re.M)
_PLAIN: dict[str, Schema] = {"string": {"type": "string"}, "bool": {"type": "boolean"}}
_PLAIN |= {f"{sign}int{size}": {"type": "integer"} for sign in ("", "u") for size in ("", 8, 16, 32, 64)}
_META = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
_INT_OR_TEXT = {"type": ["integer", "string"]}


def read(folder: Path) -> Schemas:
    """All schemas below a folder; of two for one kind the one that is read last."""
    found: Schemas = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.suffix in (".yaml", ".yml"):
            found |= {key: (schema, name) for key, schema in _definitions(path)}
        elif path.suffix == ".json":
            found |= {key: (schema, name) for key, schema in _of_json(path)}
    for directory in sorted({path.parent for path in folder.rglob("*.go")}):
        group = f"{directory.parent.name}/{directory.name}"
        found |= {(group, kind): (schema, group) for kind, schema in _of_go(directory)}
    return found


def _definitions(path: Path) -> Iterator[tuple[tuple[str, str], Schema]]:
    for one in yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader):
        if isinstance(one, dict) and one.get("kind") == "CustomResourceDefinition":
            spec = one["spec"]
            for version in spec["versions"]:
                if version.get("served", True):
                    key = f"{spec['group']}/{version['name']}", spec["names"]["kind"]
                    yield key, _strict(version["schema"]["openAPIV3Schema"], is_top=True)


def _of_json(path: Path) -> Iterator[tuple[tuple[str, str], Schema]]:
    schema = json.loads(path.read_text())
    if isinstance(schema, dict) and "swagger" in schema:
        for name, one in schema["definitions"].items():
            version, _, kind = name.rpartition(".")
            closed = {**_strict(one), "additionalProperties": False, "definitions": schema["definitions"]}
            yield (f"{path.parent.name}/{version}", kind), closed
        return
    for one in schema.get("x-kubernetes-group-version-kind", ()) if isinstance(schema, dict) else ():
        version = f"{one['group']}/{one['version']}" if one["group"] else one["version"]
        yield (version, one["kind"]), {**schema, "$id": path.resolve().as_uri()}


def _strict(schema: Schema, *, is_top: bool = False) -> Schema:
    """A schema that refuses what it does not know, as the API server prunes it."""
    if schema.get("x-kubernetes-int-or-string"):
        return _INT_OR_TEXT
    strict = {key: value for key, value in schema.items() if key not in ("format", "description", "default")}
    if "properties" in schema:
        strict["properties"] = {name: _strict(one) for name, one in schema["properties"].items()}
        if is_top:
            strict["properties"] |= {**_META, "metadata": {"type": "object"}}
        if not schema.get("x-kubernetes-preserve-unknown-fields") and "additionalProperties" not in schema:
            strict["additionalProperties"] = False
    if isinstance(schema.get("additionalProperties"), dict):
        strict["additionalProperties"] = _strict(schema["additionalProperties"])
    if "items" in schema:
        strict["items"] = _strict(schema["items"])
    return strict


def _of_go(directory: Path) -> Iterator[tuple[str, Schema]]:
    """The types of a package that are kinds of their own, with all others beside them."""
    source = "\n".join(path.read_text() for path in sorted(directory.glob("*.go")))
    structs = dict(_STRUCT.findall(source))
    others = {name: _value(target, structs) for name, target in _ALIAS.findall(source)}
    definitions = {name: _struct(body, structs) for name, body in structs.items()} | others
    for name, body in structs.items():
        if "metav1.TypeMeta" in body:
            yield name, {**definitions[name], "$defs": definitions}


def _struct(body: str, structs: dict[str, str]) -> Schema:
    properties: Schema = {}
    is_whole = True  # what of another package stands inline is not known
    for _, go_type, tag in _FIELD.findall(body):
        name, *options = tag.split(",")
        if name and "inline" not in options:
            properties |= {} if name == "-" else {name: _value(go_type, structs)}
        elif go_type in structs:
            properties |= _struct(structs[go_type], structs)["properties"]
        else:
            is_whole = is_whole and go_type.endswith("TypeMeta")
            properties |= _META
    return {"type": "object", "properties": properties, "additionalProperties": not is_whole}


def _value(go_type: str, structs: dict[str, str]) -> Schema:
    """A type of Go; whatever is of another package may be anything."""
    go_type = go_type.lstrip("*")
    if go_type.startswith("[]"):
        return {"type": "array", "items": _value(go_type[2:], structs)}
    if go_type.startswith("map["):
        return {"type": "object", "additionalProperties": _value(go_type.partition("]")[2], structs)}
    if go_type in _PLAIN:
        return _PLAIN[go_type]
    if go_type == "intstr.IntOrString":
        return _INT_OR_TEXT
    return {"$ref": f"#/$defs/{go_type}"} if "." not in go_type else {}
