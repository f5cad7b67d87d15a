"""What `manage.py dumpdata` of NetBox writes: rows of its tables, which refer to each other by key."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]

TABLES = {
    **{"ipam.prefix": "prefixes", "ipam.aggregate": "prefixes", "ipam.ipaddress": "ip-addresses"},
    **{"ipam.iprange": "ip-ranges", "ipam.vrf": "vrfs"},
}
# What a field refers to; where the table is another field's business, `references` below knows.
_REFERENCES = {
    "vrf": "ipam.vrf",
    "tenant": "tenancy.tenant",
    "role": "ipam.role",
    "vlan": "ipam.vlan",
    "site": "dcim.site",
    "device": "dcim.device",
    "virtual_machine": "virtualization.virtualmachine",
}
_GENERIC = {"assigned_object": "assigned_object_type", "scope": "scope_type"}  # with the key in …_id
_NAMED = {*_REFERENCES.values(), "dcim.interface", "virtualization.vminterface", "dcim.region", "dcim.location"}
_NAMED |= {"dcim.sitegroup", "virtualization.cluster"}
_CONTENT_TYPE = "contenttypes.contenttype"


def is_row(row: Row) -> bool:
    """Whether this is how Django writes a row of a table."""
    return isinstance(row.get("model"), str) and isinstance(row.get("fields"), Mapping)


class Names:
    """The rows that others refer to, of all files."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, Any], Row] = {}
        self._content_types: dict[Any, str] = {}
        self.not_kept: Counter[str] = Counter()

    def learn(self, row: Row) -> None:
        """Remember a row that others may refer to; one that is neither read nor referred to is counted."""
        table, fields = row["model"], row["fields"]
        if table == _CONTENT_TYPE:
            self._content_types[row.get("pk")] = f"{fields.get('app_label')}.{fields.get('model')}"
        elif table in _NAMED:
            self._rows[table, row.get("pk")] = fields
        elif table not in TABLES:
            self.not_kept[f"rows of {table}"] += 1

    def resolve(self, row: Row) -> Row:
        """The row as the API would give it: names instead of keys, as far as the dump has what they refer to."""
        fields = {**row["fields"], "id": row.get("pk"), "custom_fields": row["fields"].get("custom_field_data")}
        fields.pop("custom_field_data", None)
        for name, table in _REFERENCES.items():
            if isinstance(key := fields.get(name), int):
                fields[name] = self._named(table, key)
        for name, type_field in _GENERIC.items():
            if (key := fields.get(f"{name}_id")) is not None:
                table = self._table(fields.get(type_field))
                fields |= {name: self._named(table, key), type_field: table}
        return fields

    def _named(self, table: str, key: int) -> Row:
        fields = self._rows.get((table, key), {"name": f"{table} {key}"})
        named = {name: fields.get(name) for name in ("name", "slug", "rd")} | {"id": key}
        owners = {name: fields[name] for name in ("device", "virtual_machine") if isinstance(fields.get(name), int)}
        return named | {name: self._named(_REFERENCES[name], owner) for name, owner in owners.items()}

    def _table(self, content_type: Any) -> str:
        """The table of a content type, which is written as its key or as its natural key."""
        if isinstance(content_type, list):
            return ".".join(map(str, content_type))
        return self._content_types.get(content_type, str(content_type))
