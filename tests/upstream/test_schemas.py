"""Schemas refuse what they do not know, whatever they are written in."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from tests.upstream import schemas
from tests.upstream.__main__ import main

DEFINITION = """
kind: CustomResourceDefinition
spec:
  group: example.org
  names: {kind: Pool}
  versions:
    - name: v1
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, properties: {size: {type: integer}}}
"""
GO = """
type Pool struct {
	metav1.TypeMeta `json:",inline"`
	Spec PoolSpec `json:"spec,omitempty"`
}
type PoolSpec struct {
	Size *int32 `json:"size,omitempty"`
}
"""
JSON = {
    "properties": {"spec": {"properties": {"size": {"type": "integer"}}, "additionalProperties": False}},
    "x-kubernetes-group-version-kind": [{"group": "example.org", "version": "v1", "kind": "Pool"}],
}
SWAGGER = {
    "swagger": "2.0",
    "definitions": {
        "v1.Pool": {
            "required": ["apiVersion", "kind", "spec"],
            "properties": {
                "apiVersion": {"type": "string"},
                "kind": {"type": "string"},
                "spec": {"type": "object", "properties": {"size": {"type": "integer"}}},
            },
        }
    },
}
WRITTEN = {
    "example.org/api.json": json.dumps(SWAGGER),
    "pool.yaml": DEFINITION,
    "example.org/v1/types.go": GO,
    "pool.json": json.dumps(JSON),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_known_fields_of_their_kind_pass_and_no_others(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(WRITTEN[name])
    schema, _ = schemas.read(tmp_path)["example.org/v1", "Pool"]
    specs = [{"size": 1}, {"size": "one"}, {"sise": 1}]
    read = [{"apiVersion": "example.org/v1", "kind": "Pool", "spec": spec} for spec in specs]
    assert [Draft7Validator(schema).is_valid(one) for one in read] == [True, False, False]


def test_folder_without_a_schema_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "readme.yaml").write_text("kind: Note")
    assert main(tmp_path) == 1
    assert "There is no schema in" in capsys.readouterr().out
