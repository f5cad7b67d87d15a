"""A mirror of a metal-stack that has not moved: each pass makes what it owns here what it is there, or changes nothing.

Lists are read before a transaction is begun, and everything that follows is one: whoever dies in the middle leaves what
was there, and the next pass mends it. A pass that another has overtaken meanwhile does nothing: nobody knows whose
lists are newer, and the next one reads them anew.
"""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.utils import timezone

from ipam import errors
from ipam.domain.core import access, bulk_insert, context, history, lookups
from ipam.domain.core.operations import dry_run, operation
from ipam.domain.core.permissions import Permission
from ipam.domain.files import importing
from ipam.domain.files.outcomes import CHANGED, NEW, REFUSED, Outcome
from ipam.domain.moving.metal_stack import live, pairs, reading
from ipam.domain.moving.metal_stack.entries import Document
from ipam.domain.moving.mirror import plan as plans
from ipam.domain.moving.mirror import removing, telling
from ipam.domain.moving.mirror.changes import Changes
from ipam.domain.moving.mirror.plan import KINDS, Plan
from ipam.domain.moving.mirror.telling import Told
from ipam.domain.networks import quotas
from ipam.models import Mirror, events
from ipam.models.managed import METAL_STACK, made_for

MAX_REMOVED = 20  # percent of a kind that may go in one pass
_FEW = 10  # objects that may go, however many there are
_MAX_ERROR = 2_000  # characters
Lists = Iterable[list[Any]]


@dataclass(frozen=True)
class Pass:
    """What a pass did, by kind and word, and what it had to tell."""

    done: Mapping[str, int]
    told: list[Told]


def follow(
    url: str, lists: Lists, *, max_removed: int = MAX_REMOVED, with_pairs: bool = False, keep: bool = True
) -> Pass:
    """Make one pass over `lists`, read from `url`: partitions, projects, networks, addresses, machines.

    `max_removed` is the share of each kind, in percent (0..100), that may vanish at once; below 100 an empty list is
    refused too. `with_pairs` as the import has it. Unavailable or Invalid when a list cannot be had or read, InUse when
    another URL is mirrored, Invalid for too much that vanished, WrongState when another pass came first. A failure is
    kept, for findings to tell; of a dry run (without `keep`) nothing is.
    """
    access.require(Permission.OPERATE)
    url, began = live.base(url), time.monotonic()
    with context.system(door=events.Door.METAL_STACK):
        with nullcontext() if keep else dry_run():
            seen = _begin(url)
        try:
            document, empty = _read(lists)
            if with_pairs:
                pairs.pair(document)
            with nullcontext() if keep else dry_run():
                made = _make(document, seen if keep else _begin(url), empty, max_removed, began)
        except errors.IpamError as error:
            if keep:
                failed = {"error": error.detail[:_MAX_ERROR], "ended_at": timezone.now(), **_took(began)}
                Mirror.objects.filter(pk=METAL_STACK, passes=seen).update(**failed)
            raise
    if made is None:
        raise errors.WrongState("Another pass has come first, or the mirror was ended meanwhile. Nothing was done.")
    return made


@operation
def take_over() -> int:
    """End the mirror: everything that metal-stack owned is Twofold's from now on; how many objects that were.

    NotFound when nothing is mirrored.
    """
    access.require(Permission.OPERATE)
    is_mirrored, _ = Mirror.objects.filter(pk=METAL_STACK).delete()
    count = 0
    for kind in KINDS.values():
        owned = kind.rows().model._default_manager.filter(managed_by=METAL_STACK)
        count += owned.update(managed_by="", updated_at=timezone.now(), generation=F("generation") + 1)
    if not (is_mirrored or count):  # a backup has what is managed, and not the mirror
        raise errors.NotFound("Nothing is mirrored here.")
    changes = {"managed_by": [METAL_STACK, ""]}
    history.write(events.Verb.UPDATE, events.Kind.INSTALLATION, count=count, changes=changes)
    return count


def _begin(url: str) -> int:
    """How many passes were made before this one."""
    start = {"url": url, "succeeded_at": timezone.now()}
    mirror, _ = Mirror.objects.get_or_create(pk=METAL_STACK, defaults=start)
    if mirror.url.rstrip("/") != url:
        raise errors.InUse(
            f"{mirror.url} is mirrored here, not {url}. Name that one, or end the mirror by --take-over first."
        )
    return mirror.passes


def _read(lists: Lists) -> tuple[Document, set[str]]:
    """What the lists say, and the sections that are empty."""
    lengths: dict[str, int] = {}

    def counted() -> Lists:
        for section, found in zip(reading.LISTED, lists, strict=True):
            lengths[section] = len(found)
            yield found

    return reading.parse_lists(counted()), {section for section, length in lengths.items() if not length}


@operation
def _make(document: Document, seen: int, empty: Collection[str], max_removed: int, began: float) -> Pass | None:
    """The pass, all or nothing; None when another has overtaken it, or the mirror was ended."""
    access.require(Permission.OPERATE)
    mirror = Mirror.objects.select_for_update().filter(pk=METAL_STACK).first()
    if mirror is None or mirror.passes != seen:
        return None
    plan = plans.make(document)
    _check_removals(plan, empty, max_removed)
    done, refused, stayed = _carry_out(plan) if plan else ({}, [], [])
    told = telling.bounded([*telling.drifted(document, refused, stayed), *telling.leaked(document, plan)])
    mirror.passes, mirror.done, mirror.told, mirror.error = seen + 1, done, told, ""
    mirror.ended_at = mirror.succeeded_at = timezone.now()
    mirror.seconds = _took(began)["seconds"]
    mirror.save()
    return Pass(done, told)


def _check_removals(plan: Plan, empty: Collection[str], max_removed: int) -> None:
    """A list that is empty or short by mistake removes nothing, nor one whose objects are all others."""
    broken = []
    for section, removed in plan.removed.items():
        managed = plan.managed[section]
        is_much = len(removed) > max(_FEW, managed * max_removed / 100)
        if max_removed < 100 and (is_much or (removed and section in empty)):
            broken.append(
                errors.Invalid(
                    f"{len(removed):,} of {managed:,} {KINDS[section].name} are not there any more, or others by now. "
                    "If that is so, let this pass remove them by --max-removed 100."
                )
            )
    errors.raise_all(broken)


def _carry_out(plan: Plan) -> tuple[dict[str, int], list[Outcome], list[removing.Refused]]:
    """What was done, what was refused, and what had to stay."""
    done: Counter[str] = Counter()
    refused: list[Outcome] = []
    with history.as_one_event(events.Verb.IMPORT), quotas.charged_at_end():
        adopted = _adopt(plan)
        stayed = list(removing.remove(plan))
        changes = Changes(plan)
        with made_for(METAL_STACK):
            for outcome in importing.outcomes(changes):
                done[f"{outcome.kind}, {outcome.state}"] += outcome.state in (NEW, CHANGED)
                if outcome.state == REFUSED:
                    refused.append(outcome)
        for section, kind in KINDS.items():
            kept = sum(of == section for of, *_ in stayed)
            done[f"{kind.one}, removed"] = len(plan.removed[section]) - kept
            done[f"{kind.one}, taken over"] = adopted[section]
        done["address, handed over"] = changes.handed_over
        told = {what: count for what, count in sorted(done.items()) if count}
        if told:
            said = {what: [0, count] for what, count in told.items()}
            history.write(events.Verb.IMPORT, events.Kind.INSTALLATION, count=sum(told.values()), changes=said)
    return told, refused, [*stayed, *changes.refused]


def _adopt(plan: Plan) -> Counter[str]:
    """What was Twofold's and is the same there is metal-stack's from now on, unless somebody has just changed it; how
    many that were, by section."""
    adopted: Counter[str] = Counter()
    for section, seen in plan.adopted.items():
        objects = KINDS[section].rows().model._default_manager
        for batch in bulk_insert.batches(seen, 2_000):
            held = objects.filter(pk__one_of=batch).order_by("pk").values_list("pk", "generation")
            same = [key for key, generation in lookups.lock_all(held, no_key=True) if generation == seen[key]]
            adopted[section] += objects.filter(pk__one_of=same).update(
                managed_by=METAL_STACK, updated_at=timezone.now(), generation=F("generation") + 1
            )
    return adopted


def _took(began: float) -> dict[str, float]:
    return {"seconds": round(time.monotonic() - began, 3)}
