"""What an operator should look at: one small function for each kind of finding, none of which changes anything.

Each returns at most `MAX_OF_A_KIND`, worst first where there is a worst; with `limit=None`, as a survey asks that is
read by members of every project, at most so many of each project. docs/rules.md lists them all.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from operator import itemgetter
from typing import Any, TypeVar

from django.db.models import Count, Exists, OuterRef, Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from ipam.addressing import Family
from ipam.domain.core import access
from ipam.domain.insight import loose_ends
from ipam.domain.insight.loose_ends import MAX_OF_A_KIND, Marks, at_most_per_project
from ipam.domain.space import room
from ipam.domain.space.utilization import FamilyUse
from ipam.models import Finding, IPAddress, Network
from ipam.wording import count_of

WARN, FULL = 0.8, 0.95  # shares of a family from which on it is worth a look, and pressing
FEW_CHILDREN = 5
UNUSED_AFTER = timedelta(days=90)

Uses = Mapping[str, Sequence[FamilyUse]]
Row = TypeVar("Row")
SERIOUS, WARNING, INFO = Finding.Severity.SERIOUS, Finding.Severity.WARNING, Finding.Severity.INFO


def of_networks(networks: Iterable[Network], uses: Uses) -> Iterator[Finding]:
    """What the use of networks says by itself: families that fill up, supers without room for a child."""
    for network in networks:
        yield from nearly_full(network, uses[network.pk])
        yield from only_cooling(network, uses[network.pk])
        if network.is_super:
            yield from no_child_fits(network, uses[network.pk])


def of_the_rest(
    uses_families: Mapping[str, set[Family]], *, limit: int | None = MAX_OF_A_KIND, marks: Marks | None = None
) -> Iterator[Finding]:
    """Everything that is not about the use of one network; three statements. `uses_families`: {network id: families}.

    Into `marks` goes what somebody has snoozed or accepted: a page that finds all this anew has no statement left.
    """
    yield from one_family_only(uses_families, limit=limit)
    yield from unused_static(limit=limit)
    yield from loose_ends.firewalls_projects_webhooks(limit=limit, marks=marks)


def nearly_full(network: Network, uses: Iterable[FamilyUse]) -> Iterator[Finding]:
    """A family of a network is taken by 80 % (warning) or 95 % (serious)."""
    for use in uses:
        if use.utilization >= WARN:
            yield _of_network(
                network,
                "family_nearly_full",
                SERIOUS if use.utilization >= FULL else WARNING,
                f"{use.family.label} is {_how_full(use)}: {count_of(use.available_ips, 'address')} left"
                f"{_cooling(use)}. Add an {use.family.label} prefix, or release what is unused.",
                use.family,
            )


def only_cooling(network: Network, uses: Iterable[FamilyUse]) -> Iterator[Finding]:
    """Nothing of a family is free but what cools (warning), which nobody is given early (serious)."""
    for use in uses:
        if use.cooling_ips and not use.available_ips and use.utilization < WARN:
            how = "is given to nobody yet" if network.quarantine_strict else "is given early"
            yield _of_network(
                network,
                "only_cooling_left",
                SERIOUS if network.quarantine_strict else WARNING,
                f"{use.family.label} has nothing free; what cools, {count_of(use.cooling_ips, 'address')}, "
                f"{how}. Wait, shorten the quarantine, or add an {use.family.label} prefix.",
                use.family,
            )


def no_child_fits(network: Network, uses: Sequence[FamilyUse]) -> Iterator[Finding]:
    """A super network has no room for a child of its default lengths (serious), or for fewer than 5 (warning)."""
    left = room.of_uses(uses)
    if left is None or left.count >= FEW_CHILDREN:
        return
    limit = f"; {left.family.label} runs out first" if left.family else ""
    if left.count == 0:
        text = f"No child of the default length fits any more{limit}. Add a prefix, or carve longer ones."
        yield _of_network(network, "no_child_fits", SERIOUS, text, left.family)
    else:
        text = f"Room for {left.count} more {'child' if left.count == 1 else 'children'}{limit}. Add a prefix in time."
        yield _of_network(network, "few_children_left", WARNING, text, left.family)


def one_family_only(families: Mapping[str, set[Family]], *, limit: int | None = MAX_OF_A_KIND) -> Iterator[Finding]:
    """A project has allocations, or machines, with an address of one family only in a dual-stack network."""
    counterpart = IPAddress.objects.filter(allocation=OuterRef("allocation")).exclude(family=OuterRef("family"))
    lonely = (
        access.visible(IPAddress.objects.all())
        .exclude(Exists(counterpart))
        .order_by()
        .values("network", "network__name", "network__project", "project", "project__name", "family")
    )
    on_the_machine = IPAddress.objects.filter(machine=OuterRef("machine"), network=OuterRef("network"))
    has_both = Exists(on_the_machine.exclude(family=OuterRef("family")))  # perhaps by two allocations
    counted = lonely.annotate(
        allocations=Count("pk"),
        machines=Count("machine", distinct=True, filter=Q(machine__isnull=False) & ~Q(has_both)),
    )
    ordered = counted.order_by("-allocations", "network", "project")
    dual = [row for row in ordered if len(families.get(row["network"], ())) > 1]
    for row in at_most_per_project(dual, itemgetter("project"))[:limit]:
        yield from _of_one_family(row)


def _of_one_family(row: Mapping[str, Any]) -> Iterator[Finding]:
    """What is said of the allocations, and machines, of one project in one network."""
    missing = Family(row["family"]).other
    whose = "" if row["network__project"] == row["project"] else f"{row['project__name'] or row['project']}: "
    about = {
        "severity": WARNING,
        "kind": "network",
        "object_id": row["network"],
        "object_name": row["network__name"],
        "family": int(missing),
        "network_id": row["network"],
        "project_id": row["project"],
    }
    have = f"{whose}{_have(row['allocations'], 'allocation')} no {missing.label} address"
    yield Finding(code="one_family_allocations", sentence=f"{have}. Complete what is missing.", **about)
    if row["machines"]:
        have = f"{whose}{_have(row['machines'], 'machine')} no {missing.label} address here"
        why = f"who asks for them by {missing.label} gets no answer. Complete what is missing."
        yield Finding(code="one_family_machines", sentence=f"{have}: {why}", **about)


def unused_static(*, limit: int | None = MAX_OF_A_KIND) -> Iterator[Finding]:
    """A static address belongs to no machine and has not changed for 90 days; it may be forgotten."""
    forgotten = access.visible(IPAddress.objects.all()).filter(
        type=IPAddress.Type.STATIC, machine=None, updated_at__lt=timezone.now() - UNUSED_AFTER
    )
    if limit is None:
        place = Window(RowNumber(), partition_by="project", order_by="updated_at")
        forgotten = forgotten.annotate(place=place).filter(place__lte=MAX_OF_A_KIND)
    for one in forgotten.order_by("updated_at")[:limit]:
        yield Finding(
            code="unused_static",
            severity=INFO,
            kind="address",
            object_id=str(one.pk),
            object_name=str(one),
            family=one.family,
            network_id=one.network_id,
            project_id=one.project_id,
            sentence=f"Static, without a machine since {one.updated_at:%Y-%m-%d}. Release it if nothing needs it.",
        )


def _how_full(use: FamilyUse) -> str:
    """Rounded down: what is not full yet never says 100 %."""
    share = use.used_ips * 100 // use.takeable_ips
    return f"{share} % taken" if use.available_ips else "full"


def _cooling(use: FamilyUse) -> str:
    """What else there is, for the middle of a sentence."""
    return f", {use.cooling_ips:,} more cool{'' if use.cooling_ips > 1 else 's'}" if use.cooling_ips else ""


def _have(count: int, thing: str) -> str:
    return f"{count_of(count, thing)} {'has' if count == 1 else 'have'}"


def _of_network(network: Network, code: str, severity: int, sentence: str, family: Family | None) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        kind="network",
        object_id=network.pk,
        object_name=network.name,
        family=family,
        network_id=network.pk,
        project_id=network.project_id,
        sentence=sentence,
    )
