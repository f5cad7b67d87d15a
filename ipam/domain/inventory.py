"""Machines as an inventory of Ansible, in YAML: hosts with their addresses, grouped by partition, project and role."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import yaml
from django.db.models import QuerySet

from ipam.domain.paging import batches
from ipam.models import Machine

_NOT_IN_HOSTS = re.compile(r"[^A-Za-z0-9._-]+")
_NOT_IN_GROUPS = re.compile(r"[^A-Za-z0-9_]+")
_CHUNK = 1_000


class _Unsafe(str):
    """Text that people typed. Ansible would run what looks like a template in it."""


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(_Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text)))


def lines(machines: QuerySet[Machine]) -> Iterator[str]:
    """The inventory, host by host; groups come last."""
    rows = machines.select_related("project").prefetch_related("attachments", "addresses")
    groups: dict[str, list[str]] = defaultdict(list)
    seen: set[str] = set()
    yield "all:\n  hosts:"
    for row in batches(rows, "pk", size=_CHUNK):
        host = _host(row, seen)
        for group in (f"partition_{row.partition_id}", f"project_{row.project.name or row.project_id}", row.role):
            groups[_NOT_IN_GROUPS.sub("_", group)].append(host)
        yield _indented({host: _variables(row)}, 4)
    yield "\n" if seen else " {}\n"
    yield "  children:"
    for group, hosts in sorted(groups.items()):
        yield _indented({group: {"hosts": dict.fromkeys(hosts)}}, 4)
    yield "\n" if groups else " {}\n"


def _host(row: Machine, seen: set[str]) -> str:
    """Its hostname, name or id, whichever first is nobody else's."""
    names = (_NOT_IN_HOSTS.sub("-", text).strip("-.") for text in (row.hostname, row.name, row.pk))
    host = next(name for name in names if name and (name not in seen or name == row.pk))
    seen.add(host)
    return host


def _variables(row: Machine) -> dict[str, Any]:
    position = {one.network_id: one.position for one in row.attachments.all()}
    held = sorted(row.addresses.all(), key=lambda one: (position.get(one.network_id, 0), one.family, one.address))
    variables: dict[str, Any] = {"ansible_host": str(held[0].address)} if held else {}
    return variables | {
        "twofold_id": row.pk,
        "twofold_name": _Unsafe(row.name),
        "twofold_project": str(row.project_id),
        "twofold_partition": row.partition_id,
        "twofold_role": row.role,
        "twofold_asn": row.asn,
        "twofold_addresses": [str(one.address) for one in held],
        "twofold_labels": {_Unsafe(key): _Unsafe(text) for key, text in row.labels.items()},
    }


def _indented(value: Any, columns: int) -> str:
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000)
    return "".join(f"\n{' ' * columns}{line}" for line in text.rstrip("\n").split("\n"))
