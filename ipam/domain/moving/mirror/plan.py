"""What a pass has to do: how what metal-stack has differs from what is stored, found out without changing anything.

Only what differs is kept, so a pass over an installation where nothing has happened costs what reading it costs.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.db.models import Q

from ipam.domain.files.columns import Kind
from ipam.domain.files.kinds import ADDRESSES, MACHINES, NETWORKS, PARTITIONS, PROJECTS
from ipam.domain.files.outcomes import Existing, ParsedRow, differences
from ipam.domain.moving.metal_stack.entries import Document
from ipam.domain.moving.metal_stack.rows import Rows
from ipam.domain.networks import networks
from ipam.models import IPAddress
from ipam.models.managed import METAL_STACK

# What refers to others comes last. Switches there know what clusters announce, so a CIDR that went there goes here.
KINDS: dict[str, Kind] = {
    "partitions": PARTITIONS,
    "projects": PROJECTS,
    "networks": replace(NETWORKS, update=lambda row, changes: networks.update(row, force=True, **changes)),
    "machines": MACHINES,
    "ips": ADDRESSES,
}
_CHUNK = 2_000  # rows in memory at once
_FIXED = {section: {one.name for one in kind.columns if not one.may_change} for section, kind in KINDS.items()}


@dataclass
class Plan:
    """By section: objects to be removed, as they are not there any more or make room for what has their id now; rows to
    be made or changed; keys of objects that were Twofold's until now, with the generation that was compared.

    Of addresses `moved` says by key which machine has them now, and `own` those, by network, that are not there at all.
    """

    removed: dict[str, list[Any]] = field(default_factory=lambda: {section: [] for section in KINDS})
    rows: dict[str, list[ParsedRow]] = field(default_factory=lambda: {section: [] for section in KINDS})
    adopted: dict[str, dict[Any, int]] = field(default_factory=lambda: {section: {} for section in KINDS})
    managed: Counter[str] = field(default_factory=Counter)
    moved: dict[UUID, str | None] = field(default_factory=dict)
    own: dict[str, list[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.moved) or any(any(found.values()) for found in (self.removed, self.rows, self.adopted))


def make(document: Document) -> Plan:
    """The plan that leads from what is stored to what the document says."""
    plan = Plan()
    for section in ("partitions", "projects", "networks"):
        _compare(plan, document, section, getattr(document, section))
    _compare(plan, document, "machines", list(Rows(document).machines()))
    _compare_addresses(plan, document)
    return plan


def _compare(plan: Plan, document: Document, section: str, rows: list[ParsedRow]) -> None:
    said = {row.values["id"]: row for row in rows}
    stored = KINDS[section].rows().filter(Q(managed_by=METAL_STACK) | Q(pk__one_of=list(said)))
    for found in stored.iterator(chunk_size=_CHUNK):
        row = said.pop(found.pk, None)
        plan.managed[section] += bool(found.managed_by)
        if row is not None:
            _match(plan, section, found, row)
        elif not document.may_have(section, str(found.pk)):
            plan.removed[section].append(found)
    plan.rows[section] += said.values()


def _compare_addresses(plan: Plan, document: Document) -> None:
    said: dict[tuple[Any, Any], ParsedRow] = {}
    for one in document.ips:
        said.setdefault((one.values["network"], one.values["ip"]), one)
    there = [row.values["id"] for row in document.networks]
    replaced = {one.pk for one in plan.removed["machines"]}
    stored = IPAddress.objects.filter(Q(managed_by=METAL_STACK) | Q(network__pk__one_of=there))
    for found in stored.iterator(chunk_size=_CHUNK):
        row = said.pop((found.network_id, found.address), None)
        plan.managed["ips"] += bool(found.managed_by)
        if row is not None:
            _match_address(plan, found, row, document, replaced)
        elif not found.managed_by:
            plan.own.setdefault(found.network_id, []).append(str(found))
        elif not document.may_have("ips", f"{found.network_id} {found}"):
            plan.removed["ips"].append(found)
        elif found.machine_id in replaced:  # with which it would go, if it had not left it before
            plan.moved[found.pk] = None
    plan.rows["ips"] += said.values()


def _match_address(plan: Plan, found: IPAddress, row: ParsedRow, document: Document, replaced: set[str]) -> None:
    """As `_match`, but for the machine, which may change; one that is not there the address does not have yet."""
    machine = row.values["machine"]
    if machine and not document.may_have("machines", machine):
        machine = None
    values = {name: value for name, value in row.values.items() if name != "machine"}
    is_kept = _match(plan, "ips", found, replace(row, values=values), new=row)
    if is_kept and (machine != found.machine_id or machine in replaced):
        plan.moved[found.pk] = machine


def _match(plan: Plan, section: str, found: Any, row: ParsedRow, *, new: ParsedRow | None = None) -> bool:
    """What becomes of an object that is here and there; whether it stays the one that it is.

    One of metal-stack's that has what never changes is another one there by now, under the same id. One of Twofold's is
    metal-stack's from now on; if it differs there, the row is refused.
    """
    differing = differences(KINDS[section], found, row.values)
    if not _FIXED[section].isdisjoint(differing):
        if found.managed_by:
            plan.removed[section].append(found)
        plan.rows[section].append(new or row)
        return False
    if not found.managed_by:
        plan.adopted[section][found.pk] = found.generation
    if differing:
        plan.rows[section].append(replace(row, values={**row.values, "id": found.pk}, existing=Existing.CHANGE))
    return True
