"""Fields of NetBox that have no place of their own here: kept as labels, or counted and told."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ipam.domain.files import cells
from ipam.labels import LABEL_NAME_LENGTH
from ipam.models.base import DESCRIPTION_LENGTH

Row = Mapping[str, Any]

_READ = {
    *("address", "prefix", "vrf", "tenant", "name", "rd", "dns_name", "description", "status", "role", "tags"),
    *("start_address", "end_address", "is_pool", "mark_populated"),
    *("site", "scope", "vlan", "device", "virtual_machine", "interface", "assigned_object"),
}
# What NetBox derives, or what the fields that are read say as well.
_DERIVED = {
    *("id", "url", "display", "display_url", "family", "created", "last_updated", "prefix_(flat)", "tenant_group"),
    "size",
    *("children", "_children", "depth", "_depth", "utilization", "ipaddress_count", "prefix_count", "assigned"),
    *("scope_type", "scope_id", "assigned_object_type", "assigned_object_id", "vlan_group", "enforce_unique"),
}


def labels(row: Row) -> dict[str, str]:
    """Status, role, tags, site or other scope, VLAN, device and interface."""
    said = {
        "status": word(row.get("status")).lower(),
        "role": word(row.get("role")),
        "vlan": word(row.get("vlan")),
        **_scope(row),
        **_interface(row),
    }
    tags = row.get("tags")
    tagged = map(word, tags if isinstance(tags, list) else text(tags).split(","))
    return {f"netbox/{name}": one for name, one in said.items() if one} | _tags(one for one in tagged if one)


def _tags(tags: Iterable[str]) -> dict[str, str]:
    """A label for each tag; one that is too long for a key is cut, and stands whole in the value."""
    labels: dict[str, str] = {}
    for tag in tags:
        key = f"netbox/tag/{tag[:LABEL_NAME_LENGTH]}"
        whole = [tag] if len(tag) > LABEL_NAME_LENGTH else []
        labels[key] = ", ".join([*filter(None, [labels.get(key)]), *whole])
    return labels


def not_kept(row: Row) -> Counter[str]:
    """The fields of a row that say something and are read by nobody; custom fields each by their own name."""
    custom = row.get("custom_fields")
    fields = {name: value for name, value in row.items() if name not in _READ | _DERIVED | {"custom_fields"}}
    if isinstance(custom, Mapping):
        fields |= {f"custom_fields.{name}": value for name, value in custom.items()}
    return Counter(name for name, value in fields.items() if _says_something(value))


def word(value: Any) -> str:
    """The word for something that the API gives as an object and CSV as text."""
    return next(iter(words(value)), "")


def words(value: Any) -> list[str]:
    """All words that it goes by."""
    if isinstance(value, Mapping):
        return [text(value[key]) for key in ("slug", "value", "name") if value.get(key)]
    return [found] if (found := text(value)) else []


def text(value: Any) -> str:
    """Text as a description takes it, without space around; ValueError for what is none or too long."""
    return str(cells.text(DESCRIPTION_LENGTH)(value)).strip()


def _scope(row: Row) -> dict[str, str]:
    """Where a prefix is used; up to NetBox 4.1 always a site."""
    kind = text(row.get("scope_type")).rpartition(".")[2].strip().lower() or "site"
    return {kind: word(row.get("scope")) or word(row.get("site"))}


def _interface(row: Row) -> dict[str, str]:
    """What an address is configured on, as the API, the page and the bulk form have it."""
    assigned = row.get("assigned_object")
    one = assigned if isinstance(assigned, Mapping) else {}
    host = one.get("device") or one.get("virtual_machine") or row.get("device") or row.get("virtual_machine")
    return {"device": word(host), "interface": word(one or row.get("interface"))}


def _says_something(value: Any) -> bool:
    return not (value is None or value is False or value in ("", "—", "False", "false") or value == [] or value == {})
