"""Machines as an inventory of Ansible, in YAML: hosts with their addresses, grouped by partition, project and role.

Ansible knows hosts and groups by name alone, so no two of them may share one.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Set
from itertools import chain, count
from typing import Any
from zlib import crc32

import yaml
from django.db.models import QuerySet

from ipam.domain.core import yaml_words
from ipam.domain.core.paging import batches
from ipam.models import Machine

_NOT_IN_HOSTS = re.compile(r"[^A-Za-z0-9._-]+")
_NOT_IN_GROUPS = re.compile(r"[^A-Za-z0-9_]+")
_TAKEN = {"all", "ungrouped", "localhost", *Machine.Role.values}  # what Ansible calls so, and the groups of roles
_CHUNK = 1_000


class _Unsafe(str):
    """Text that people typed. Ansible would run what looks like a template in it."""


@yaml_words.quoted
class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(_Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text)))


def lines(machines: QuerySet[Machine]) -> Iterator[str]:
    """The inventory, host by host; groups come last."""
    rows = machines.select_related("project").prefetch_related(
        "attachments", "addresses__prefix", "holdings__address__prefix"
    )
    names = _groups(machines)
    ids = set(machines.order_by().values_list("pk", flat=True))
    taken = _TAKEN | set(names.values())
    groups: dict[str, list[str]] = defaultdict(list)
    yield "all:\n  hosts:"
    for row in batches(rows, "pk", size=_CHUNK):
        host = _host(row, taken, ids)
        taken.add(host)
        for group in (names["partition", row.partition_id], names["project", row.project_id], row.role):
            groups[group].append(host)
        yield _indented({host: _variables(row)}, 4)
    yield "\n" if ids else " {}\n"
    yield "  children:"
    for group, hosts in sorted(groups.items()):
        yield _indented({group: {"hosts": dict.fromkeys(hosts)}}, 4)
    yield "\n" if groups else " {}\n"


def _groups(machines: QuerySet[Machine]) -> dict[tuple[str, Any], str]:
    """A name for each partition and project; those that would share one have a checksum of their id behind it."""
    partitions = machines.order_by().values_list("partition", "partition").distinct()
    projects = machines.order_by().values_list("project", "project__name").distinct()
    named = {("partition", key): name for key, name in partitions} | {("project", key): name for key, name in projects}
    groups = {(kind, key): f"{kind}_{_NOT_IN_GROUPS.sub('_', name or str(key))}" for (kind, key), name in named.items()}
    often = Counter(groups.values())
    return {
        (kind, key): group if often[group] == 1 else f"{group}_{crc32(str(key).encode()):08x}"
        for (kind, key), group in groups.items()
    }


def _host(row: Machine, taken: Set[str], ids: Set[str]) -> str:
    """Its hostname, name or id, whichever first is nobody else's; a number goes behind an id that is a group's name."""
    spoken = (_NOT_IN_HOSTS.sub("-", text).strip("-.") for text in (row.hostname, row.name))
    candidates: Iterator[str] = chain(filter(None, spoken), [row.pk], (f"{row.pk}-{number}" for number in count(2)))
    return next(name for name in candidates if name not in taken and (name == row.pk or name not in ids))


def _variables(row: Machine) -> dict[str, Any]:
    position = {one.network_id: one.position for one in row.attachments.all()}
    held = sorted(row.held, key=lambda one: (position.get(one.network_id, 0), one.family, one.address))
    own = [one for one in held if not one.shared]  # what is shared may lead to another machine
    variables: dict[str, Any] = {"ansible_host": str(own[0].address)} if own else {}
    if gateways := {str(one.address): str(one.prefix.gateway) for one in held if one.prefix.gateway}:
        variables["twofold_gateways"] = gateways
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


def _indented(value: object, columns: int) -> str:
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000)
    return "".join(f"\n{' ' * columns}{line}" for line in text.rstrip("\n").split("\n"))
