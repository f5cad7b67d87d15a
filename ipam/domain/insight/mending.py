"""Mending all findings of a kind at once: halves of pairs, in all networks that hold some."""

from collections import Counter
from dataclasses import dataclass, field, replace
from operator import attrgetter

from django.db.models import Count

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access
from ipam.domain.insight import finding_marks, survey
from ipam.domain.networks import completion
from ipam.models import IPAddress, Network

_MAX_REFUSED = 50  # networks that are tried in vain at a time


@dataclass(frozen=True)
class Halves:
    """How many allocations of a network lack a family."""

    network: Network
    family: Family
    count: int

    @property
    def place(self) -> str:
        """Where they stand in the order in which all are completed."""
        return f"{self.network.pk}:{self.family.key}"


@dataclass
class Mended:
    """How many allocations were completed, why networks could not be, and what is left.

    `after` is where the next batch goes on; None when all have had their turn.
    """

    after: str | None
    completed: int = 0
    refused: list[tuple[Network, errors.IpamError]] = field(default_factory=list)
    left: list[Halves] = field(default_factory=list)


def halves() -> list[Halves]:
    """Halves of pairs where findings tell of some, counted now: in networks that the caller may change, by name."""
    told = survey.halves_of_pairs()
    finding_marks.add_marks(told)
    asked = {(one.object_id, Family(one.family)) for one in told if one.family and one.mark is None}
    among = access.visible(Network.objects.filter(pk__in={key for key, _ in asked})).select_related("project")
    networks = {network.pk: network for network in among if access.may_change(network)}
    found = []
    for family in Family:
        keys = [key for key, lacks in asked if lacks is family and key in networks]
        lacking = IPAddress.objects.filter(network__in=keys).lacking(family).order_by()
        counted = lacking.values_list("network").annotate(number=Count("pk")) if keys else ()
        found += [Halves(networks[key], family, number) for key, number in counted]
    return sorted(found, key=lambda one: (str(one.network), one.network.pk, one.family))


def complete(*, limit: int = completion.MAX_PER_BATCH, after: str = "") -> Mended:
    """Complete up to `limit` (1..1000) of these allocations, network by network, each by its own operation: what is
    done holds whatever follows. Repeat `after` where that one ended, so those that refuse keep no other waiting.
    """
    found, done = halves(), Mended(after)
    completed: Counter[str] = Counter()
    for one in sorted(found, key=attrgetter("place")):
        if one.place <= after:
            continue
        if done.completed >= limit or len(done.refused) >= _MAX_REFUSED:
            break
        progress = _complete(one, done, limit - done.completed)
        completed[one.place] = len(progress.completed)
        if progress.remaining:
            break
        done.after = one.place
    else:
        done.after = None
    left = (replace(one, count=one.count - completed[one.place]) for one in found)
    done.left = [one for one in left if one.count > 0]
    return done


def _complete(one: Halves, done: Mended, limit: int) -> completion.Progress:
    """A batch of one network, noted in `done`; where it refuses as a whole nothing more can be completed there."""
    try:
        progress = completion.complete(one.network, one.family, limit=limit)
    except errors.IpamError as refusal:
        done.refused.append((one.network, refusal))
        return completion.Progress([], remaining=0)
    done.completed += len(progress.completed)
    done.refused += [(one.network, refused.reason) for refused in progress.refused[:1]]
    return progress
