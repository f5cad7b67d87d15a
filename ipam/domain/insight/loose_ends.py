"""What is forgotten, used up or stopped: firewalls without underlay, projects without networks, pools, mails."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from operator import itemgetter
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Sum, TextField, UUIDField, Value, When
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from ipam.domain.core import access
from ipam.domain.insight import mirror_findings
from ipam.models import Finding, FindingMark, Letter, Machine, MachineNetwork, Network, NumberRange, Project, Webhook
from ipam.models.networks import NetworkType
from ipam.models.number_ranges import BOUNDS
from ipam.wording import count_of

MAX_OF_A_KIND = 100
POOL_WARN = 0.9
FAILING_AFTER = timedelta(hours=1)
Marks = set[tuple[object, ...]]  # as `Finding.marked_as` has them
Row = TypeVar("Row")
_MARK = "mark"
_TEXT = TextField()


def firewalls_projects_webhooks(*, limit: int | None = MAX_OF_A_KIND, marks: Marks | None = None) -> Iterator[Finding]:
    """A firewall is in no underlay, as its partition had none (rule 30); a project owns no network; a webhook fails, or
    has been switched off for it; mails do not go; a pool of numbers is nearly empty; mirrors. One statement, by which
    `marks` learns what is marked; without `limit` at most 100 of each kind and project.
    """
    others = (_projects(), _webhooks(), _letters(), _pools(), _marks(), *mirror_findings.queries())
    rows = list(_firewalls().union(*others, all=True))
    if marks is not None:
        said = (row for row in rows if row[4].startswith(_MARK))
        marks |= {(code, kind, key, int(what.removeprefix(_MARK)), whose) for whose, code, key, kind, what in said}
    ordered = sorted(rows, key=lambda row: (row[1], str(row[0])))
    for row in [row for row in ordered if row[4] == "letter"][:1]:
        yield _of_letters(*row[:4])
    if access.current().sees_everything:
        yield from pools_nearly_empty({row[1]: int(row[3]) for row in rows if row[4] == "pool"})
    yield from mirror_findings.of_rows(row for row in ordered if row[4].startswith(mirror_findings.WHAT))
    for what, of_one in (("firewall", _of_firewall), ("project", _of_project), ("webhook", _of_webhook)):
        of_kind = [row[:4] for row in ordered if row[4] == what]
        for row in at_most_per_project(of_kind, itemgetter(0))[:limit]:
            yield of_one(*row)


def pools_nearly_empty(free: Mapping[str, int]) -> Iterator[Finding]:
    """More than 90 % of the VNIs or ASNs of a pool are taken: of one that is not named, all."""
    for pool in NumberRange.Pool:
        (first, last), left = BOUNDS[pool], free.get(pool, 0)
        if left < (1 - POOL_WARN) * (last - first + 1):
            yield Finding(
                code="pool_nearly_empty",
                severity=Finding.Severity.WARNING if left else Finding.Severity.SERIOUS,
                kind="pool",
                object_id=str(pool),
                object_name=f"{pool.label} pool",
                sentence=f"{count_of(left, f'free {pool.label} number')} left. "
                "Release machines or networks that are not needed.",
            )


def of_machine(machine: Machine, network_types: Collection[str]) -> Iterator[Finding]:
    """What is said of one machine as soon as it is there, in networks of these types."""
    if machine.role == Machine.Role.FIREWALL and NetworkType.UNDERLAY not in network_types:
        yield _of_firewall(machine.project_id, machine.name, machine.pk, machine.partition_id)


def at_most_per_project(rows: Iterable[Row], project: Callable[[Row], Any]) -> list[Row]:
    """The first 100 of each project, in their order."""
    met: Counter[Any] = Counter()
    kept = []
    for row in rows:
        met[project(row)] += 1
        if met[project(row)] <= MAX_OF_A_KIND:
            kept.append(row)
    return kept


def _firewalls() -> QuerySet[Any, Any]:
    underlays = MachineNetwork.objects.filter(machine=OuterRef("pk"), network__type=NetworkType.UNDERLAY)
    found = access.visible(Machine.objects.filter(role=Machine.Role.FIREWALL)).exclude(Exists(underlays))
    return found.order_by().values_list("project_id", "name", "id", "partition_id", Value("firewall", _TEXT))


def _projects() -> QuerySet[Any, Any]:
    owned = Network.objects.filter(project=OuterRef("pk"))
    found = access.visible(Project.objects.all()).exclude(Exists(owned))
    nothing = Value("", _TEXT)
    return found.order_by().values_list("id", "name", nothing, nothing, Value("project", _TEXT))


def _webhooks() -> QuerySet[Any, Any]:
    fails = Q(enabled=True, failing_since__lte=timezone.now() - FAILING_AFTER)
    found = access.visible(Webhook.objects.filter(fails | Q(enabled=False) & ~Q(disabled_reason="")))
    key, called = Cast("pk", _TEXT), Case(When(name="", then="url"), default="name", output_field=_TEXT)
    return found.order_by().values_list("project_id", called, key, "disabled_reason", Value("webhook", _TEXT))


def _letters() -> QuerySet[Any, Any]:
    """Mails that have been tried for an hour, for those who run Twofold."""
    late = Letter.objects.filter(attempts__gt=0, at__lte=timezone.now() - FAILING_AFTER)
    found = late if access.current().sees_everything else late.none()
    nobody = Value(None, UUIDField())
    return found.order_by().values_list(nobody, "address", Cast("pk", _TEXT), "last_error", Value("letter", _TEXT))


def _pools() -> QuerySet[Any, Any]:
    """How many numbers of each pool are free, for those who see the platform."""
    known = NumberRange.objects.all() if access.current().sees_everything else NumberRange.objects.none()
    counted = known.order_by().values("pool").annotate(left=Cast(Sum(F("last") - F("first") + 1), _TEXT))
    nobody, nothing = Value(None, UUIDField()), Value("", _TEXT)
    return counted.values_list(nobody, "pool", nothing, "left", Value("pool", _TEXT))


def _marks() -> QuerySet[Any, Any]:
    what = Concat(Value(_MARK), Cast("family", _TEXT), output_field=_TEXT)
    return FindingMark.objects.in_force().order_by().values_list("project_id", "code", "object_id", "kind", what)


def _of_letters(_: None, address: str, key: str, error: str) -> Finding:
    return Finding(
        code="mail_failing",
        severity=Finding.Severity.WARNING,
        kind="mail",
        object_name="Mail",
        sentence=f"For an hour a mail to {address} has not gone. {error[:200]} Check EMAIL_URL and the mail server.",
    )


def _of_firewall(project_id: UUID, name: str, key: str, partition_id: str) -> Finding:
    return Finding(
        code="firewall_without_underlay",
        severity=Finding.Severity.WARNING,
        kind="machine",
        object_id=key,
        object_name=str(Machine(pk=key, name=name)),
        project_id=project_id,
        sentence=f"The firewall is in no underlay, as partition {partition_id} had none. Create an underlay "
        "there, then release the firewall and allocate it again.",
    )


def _of_project(project_id: UUID, name: str, *_: str) -> Finding:
    return Finding(
        code="project_without_networks",
        severity=Finding.Severity.INFO,
        kind="project",
        object_id=str(project_id),
        object_name=name,
        project_id=project_id,
        sentence="The project has no network of its own. Carve one for it, or delete the project.",
    )


def _of_webhook(project_id: UUID | None, called: str, key: str, disabled_reason: str) -> Finding:
    if disabled_reason:
        code, said = "webhook_disabled", f"Twofold has switched it off. {disabled_reason[:300]}"
        todo = "Have the receiver mended, then switch it on."
    else:
        code, said = "webhook_failing", "Nothing has been delivered for an hour, and it is still tried."
        todo = "See the last answer on its page, and have the receiver mended."
    return Finding(
        code=code,
        severity=Finding.Severity.WARNING,
        kind="webhook",
        object_id=key,
        object_name=Webhook(url=called).shown_url if "://" in called else called,
        project_id=project_id,
        sentence=f"{said} {todo}",
    )
