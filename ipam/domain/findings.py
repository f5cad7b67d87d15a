"""What an operator should look at: one small function for each kind of finding, none of which changes anything.

Each returns at most `MOST_OF_A_KIND`, worst first where there is a worst. docs/rules.md lists them all.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from ipam.addressing import Family
from ipam.domain import access, number_pools
from ipam.domain.consumption import FamilyUse, room
from ipam.domain.number_pools import BOUNDS
from ipam.models import Finding, IPAddress, Network, Project

MOST_OF_A_KIND = 100
WARN, FULL = 0.8, 0.95  # shares of a family from which on it is worth a look, and pressing
POOL_WARN = 0.9
FEW_CHILDREN = 5
UNUSED_AFTER = timedelta(days=90)

Uses = Mapping[str, Sequence[FamilyUse]]
SERIOUS, WARNING, INFO = Finding.Severity.SERIOUS, Finding.Severity.WARNING, Finding.Severity.INFO


def of_networks(networks: Iterable[Network], uses: Uses) -> Iterator[Finding]:
    """What the use of networks says by itself: families that fill up, supers without room for a child."""
    for network in networks:
        yield from nearly_full(network, uses[network.pk])
        if network.is_super:
            yield from no_child_fits(network, uses[network.pk])


def of_the_rest(uses_families: Mapping[str, set[Family]]) -> list[Finding]:
    """Everything that is not about the use of one network; four statements. `uses_families`: {network id: families}."""
    pools = pools_nearly_empty() if access.current().sees_everything else ()
    return [*one_family_only(uses_families), *unused_static(), *projects_without_networks(), *pools]


def nearly_full(network: Network, uses: Iterable[FamilyUse]) -> Iterator[Finding]:
    """A family of a network is taken by 80 % (warning) or 95 % (serious)."""
    for use in uses:
        if use.utilization >= WARN:
            yield _of_network(
                network,
                "family_nearly_full",
                SERIOUS if use.utilization >= FULL else WARNING,
                f"{use.family.label} is {_how_full(use)}: {_number(use.available_ips, 'address', 'addresses')} left. "
                f"Add an {use.family.label} prefix, or release what is unused.",
                use.family,
            )


def no_child_fits(network: Network, uses: Sequence[FamilyUse]) -> Iterator[Finding]:
    """A super network has no room for a child of its default lengths (serious), or for fewer than 5 (warning)."""
    left = room(uses)
    if left is None or left.count >= FEW_CHILDREN:
        return
    limit = f"; {left.family.label} runs out first" if left.family else ""
    if left.count == 0:
        text = f"No child of the default length fits any more{limit}. Add a prefix, or carve longer ones."
        yield _of_network(network, "no_child_fits", SERIOUS, text, left.family)
    else:
        text = f"Room for {left.count} more {'child' if left.count == 1 else 'children'}{limit}. Add a prefix in time."
        yield _of_network(network, "few_children_left", WARNING, text, left.family)


def one_family_only(families: Mapping[str, set[Family]]) -> Iterator[Finding]:
    """A dual-stack network has allocations, or machines, with an address of one family only."""
    counterpart = IPAddress.objects.filter(allocation=OuterRef("allocation")).exclude(family=OuterRef("family"))
    lonely = (
        access.visible(IPAddress.objects.all())
        .exclude(Exists(counterpart))
        .order_by()
        .values("network", "network__name", "family")
    )
    on_the_machine = IPAddress.objects.filter(machine=OuterRef("machine"), network=OuterRef("network"))
    has_both = Exists(on_the_machine.exclude(family=OuterRef("family")))  # perhaps by two allocations
    counted = lonely.annotate(
        allocations=Count("pk"),
        machines=Count("machine", distinct=True, filter=Q(machine__isnull=False) & ~Q(has_both)),
    )
    dual = [row for row in counted.order_by("-allocations", "network") if len(families.get(row["network"], ())) > 1]
    for row in dual[:MOST_OF_A_KIND]:
        missing = Family(row["family"]).other
        about = {
            "kind": "network",
            "object_id": row["network"],
            "object_name": row["network__name"],
            "family": int(missing),
        }
        yield Finding(
            code="one_family_allocations",
            severity=WARNING,
            sentence=f"{_have(row['allocations'], 'allocation')} no {missing.label} address. Complete what is missing.",
            **about,
        )
        if row["machines"]:
            yield Finding(
                code="one_family_machines",
                severity=WARNING,
                sentence=f"{_have(row['machines'], 'machine')} no {missing.label} address here: "
                f"who asks for them by {missing.label} gets no answer. Complete what is missing.",
                **about,
            )


def unused_static() -> Iterator[Finding]:
    """A static address belongs to no machine and has not changed for 90 days; it may be forgotten."""
    forgotten = access.visible(IPAddress.objects.all()).filter(
        type=IPAddress.Type.STATIC, machine=None, updated_at__lt=timezone.now() - UNUSED_AFTER
    )
    for one in forgotten.order_by("updated_at")[:MOST_OF_A_KIND]:
        yield Finding(
            code="unused_static",
            severity=INFO,
            kind="address",
            object_id=str(one.pk),
            object_name=str(one),
            family=one.family,
            sentence=f"Static, without a machine since {one.updated_at:%Y-%m-%d}. Release it if nothing needs it.",
        )


def projects_without_networks() -> Iterator[Finding]:
    """A project owns no network."""
    owned = Network.objects.filter(project=OuterRef("pk"))
    for project in access.visible(Project.objects.all()).exclude(Exists(owned)).order_by("name", "id")[:MOST_OF_A_KIND]:
        yield Finding(
            code="project_without_networks",
            severity=INFO,
            kind="project",
            object_id=str(project.pk),
            object_name=project.name,
            sentence="The project has no network of its own. Carve one for it, or delete the project.",
        )


def pools_nearly_empty() -> Iterator[Finding]:
    """More than 90 % of the VNIs or ASNs of a pool are taken."""
    for pool, left in number_pools.free().items():
        first, last = BOUNDS[pool]
        if left < (1 - POOL_WARN) * (last - first + 1):
            yield Finding(
                code="pool_nearly_empty",
                severity=WARNING if left else SERIOUS,
                kind="pool",
                object_id=str(pool),
                object_name=f"{pool.label} pool",
                sentence=f"{_number(left, f'free {pool.label} number', f'free {pool.label} numbers')} left. "
                "Release machines or networks that are not needed.",
            )


def _how_full(use: FamilyUse) -> str:
    """Rounded down: what is not full yet never says 100 %."""
    share = use.used_ips * 100 // (use.total_ips - use.reserved_ips)
    return f"{share} % taken" if use.available_ips else "full"


def _number(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _have(count: int, thing: str) -> str:
    return f"{_number(count, thing, f'{thing}s')} {'has' if count == 1 else 'have'}"


def _of_network(network: Network, code: str, severity: int, sentence: str, family: Family | None) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        kind="network",
        object_id=network.pk,
        object_name=network.name,
        family=family,
        sentence=sentence,
    )
