"""Will it come up? What upstream supports, as data with a date: read again with each release, and change only rows.

A row holds for a platform, a provider, and families before and after (a new cluster has none before). Sources, with
the day of what was read:

- gardener/gardener b312835 (2026-08-21, 1.150.0-dev): docs/usage/networking, and the issues named here. Its
  docs/development/process.md has hotfixes for the latest three minor releases; 1.154.0 is of 2026-10-22
  (https://github.com/gardener/gardener/releases).
- metal-stack/gardener-extension-provider-metal 92eafdd (2026-08-20, 0.27.12): pkg/controller/infrastructure writes
  status.nodesCIDR, and no status.networking.
- Last days of Kubernetes: kubernetes/website, data/releases/eol.yaml for 1.31 and 1.32; the pages of releases that it
  makes of data/releases/schedule.yaml for later ones (https://kubernetes.io/releases/1.36/ and so on; 2026-09-15).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.conf import settings
from django.utils import timezone

from ipam.addressing import Family
from ipam.domain.clusters.plan import Plan
from ipam.domain.clusters.plan_warnings import PlanWarning
from ipam.models.clusters import Platform

CHECKED_ON = date(2026, 8, 21)  # the day of the sources of rules and documents
METAL = "metal"  # the provider of Gardener's clusters here
_GITHUB = "https://github.com/"


@dataclass(frozen=True, kw_only=True)
class Row:
    """What does not come up: why, what works meanwhile, and where upstream speaks of it.

    `setting` names the setting that lifts it where an installation is ahead of upstream.
    """

    platform: str
    provider: str
    to_dual: bool
    from_one: bool  # a cluster that runs with one family, not a new one
    code: str
    why: str
    meanwhile: str
    issues: tuple[str, ...]
    setting: str = ""


_NETWORKING = Row(
    platform=Platform.GARDENER,
    provider=METAL,
    to_dual=True,
    from_one=False,
    code="dual_stack_not_supported",
    why="metal cannot run dual-stack yet: its extension never reports status.networking, so Gardener knows one range "
    "of pods with an IPv6 mask, and the controller-manager stops.",
    meanwhile="Meanwhile IPv4 alone works here, and both families with kubeadm; Gardener's dual-stack runs on AWS, GCP "
    "and OpenStack. If your extension reports it, set METAL_REPORTS_NETWORKING.",
    issues=(
        f"{_GITHUB}metal-stack/gardener-extension-provider-metal/issues/439",
        f"{_GITHUB}metal-stack/releases/issues/239",
        f"{_GITHUB}gardener/gardener/issues/15448",
    ),
    setting="METAL_REPORTS_NETWORKING",
)
_MIGRATION = replace(
    _NETWORKING,
    from_one=True,
    code="migration_cuts_pods",
    why="Gardener accepts the change, but until all nodes are replaced the controller-manager gets one family's range "
    "with the other one's mask, and stops.",
    meanwhile="Meanwhile plan a new cluster beside this one, or set GARDENER_MIGRATES_MASKS if yours has the fix.",
    issues=(f"{_GITHUB}gardener/gardener/issues/15448",),
    setting="GARDENER_MIGRATES_MASKS",
)
ROWS = (_NETWORKING, _MIGRATION)

# Kubernetes: minor version, and the last day of its support. 1.37 is out since 2026-08-26, and was not checked yet.
KUBERNETES = {
    31: date(2025, 11, 11),
    32: date(2026, 2, 28),
    33: date(2026, 6, 28),
    34: date(2026, 10, 27),
    35: date(2027, 2, 28),
    36: date(2027, 6, 28),
}
GARDENER_OLDEST = 152  # that is kept up: until the third after it is out
GARDENER_NEWEST = 150  # that rules and documents were checked against
# From this one on a Shoot has an IPv6 node mask, which can be neither kept nor removed on the way back.
GARDENER_ONE_WAY = 138


def rows(plan: Plan, *, from_one: bool) -> Iterator[Row]:
    """What keeps a plan, or the step of a running cluster to two families, from coming up."""
    for row in ROWS:
        is_met = (row.platform, row.to_dual, row.from_one) == (plan.platform, plan.is_dual, from_one)
        if is_met and not (row.setting and getattr(settings, row.setting)):
            yield row


def warnings(plan: Plan) -> list[PlanWarning]:
    """What upstream does not support of a plan, then what is wrong with its versions."""
    return [*map(_said, rows(plan, from_one=False)), *_of_kubernetes(plan), *_of_gardener(plan)]


def of_step(plan: Plan, families: Sequence[Family]) -> list[PlanWarning]:
    """What upstream does not support of the step of a running cluster to these families."""
    return list(map(_said, rows(replace(plan, families=families), from_one=True)))


def _said(row: Row) -> PlanWarning:
    return PlanWarning(row.code, "families", f"{row.why} {row.meanwhile} (As of {CHECKED_ON}.)", row.issues)


def _of_kubernetes(plan: Plan) -> Iterator[PlanWarning]:
    minor, newest = plan.minor_version, max(KUBERNETES)
    if minor > newest:
        detail = f"Kubernetes 1.{minor} is newer than what was checked here ({CHECKED_ON}: up to 1.{newest})."
        yield PlanWarning("version_unknown", "kubernetes_version", f"{detail} Rules and documents may have changed.")
    elif minor not in KUBERNETES or KUBERNETES[minor] < today():
        ended = f" on {KUBERNETES[minor]}" if minor in KUBERNETES else ""
        detail = f"The support of Kubernetes 1.{minor} has ended{ended}. Plan 1.{newest - 1} or 1.{newest}."
        yield PlanWarning("version_ended", "kubernetes_version", detail)


def _of_gardener(plan: Plan) -> Iterator[PlanWarning]:
    if plan.platform != Platform.GARDENER or not plan.gardener_version:
        return
    minor = gardener_minor(plan.gardener_version)
    if minor > GARDENER_NEWEST:
        detail = f"Gardener 1.{minor} is newer than what was checked here ({CHECKED_ON}: up to 1.{GARDENER_NEWEST})."
        yield PlanWarning("version_unknown", "gardener_version", f"{detail} Rules and documents may have changed.")
    if minor < GARDENER_OLDEST:
        detail = f"The support of Gardener 1.{minor} has ended; releases from 1.{GARDENER_OLDEST} on are kept up."
        yield PlanWarning("version_ended", "gardener_version", detail)


def today() -> date:
    """The day by which versions have ended or not."""
    return timezone.now().date()


def gardener_minor(version: str) -> int:
    """138 for 1.138.2."""
    return int(version.split(".")[1])
