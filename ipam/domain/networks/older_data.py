"""What rules refuse today and older data may still have: it stays, works on as far as it can, and is told of.

No fault of the doctor's: nothing is damaged, and a backup that holds it is restored.
"""

from collections.abc import Iterator

from django.apps import apps
from django.db.models import Count, TextField
from django.db.models.functions import Cast, Length, Lower
from netaddr import cidr_merge

from ipam.addressing import some
from ipam.domain.networks import ids
from ipam.domain.space import usable_space
from ipam.labels import LABEL_NAME_LENGTH, label_fault
from ipam.models import ClusterRange, IPAddress, Prefix
from ipam.models.base import Described
from ipam.special_ranges import TABLE
from ipam.wording import count_of, them


def sentences() -> Iterator[str]:
    """One for each prefix, network's addresses, cluster's range, id and kind of labels that could not be made today."""
    yield from _space()
    yield from _ids()
    yield from _labels()


def _space() -> Iterator[str]:
    """Rule 4a."""
    for never in cidr_merge([row.cidr for row in TABLE if row.columns & usable_space.columns()]):
        inside = Prefix.objects.within(never)
        for prefix in inside.order_by("first", "pk"):
            wrong, unless = usable_space.explain(prefix.cidr, f"{prefix} of {prefix.network_id}")
            yield f"{wrong}: nothing more of it is given. Release what it holds and remove it{unless}."
        others = IPAddress.objects.within(never).exclude(prefix__in=inside).order_by("network")
        for network, number in others.values_list("network").annotate(number=Count("*")):
            yield (
                f"{network} has given {count_of(number, 'address')} of {never}, which is never used. "
                f"Release {them(number)}; nothing of it becomes free again."
            )
        for one in ClusterRange.objects.reserved().overlapping(never).select_related("cluster"):
            wrong, unless = usable_space.explain(one.cidr, f"{one.purpose} {one} of cluster {one.cluster}")
            yield f"{wrong}. Plan another cluster with other ranges{unless}."


def _ids() -> Iterator[str]:
    """Rule 4b."""
    for model, words in ids.RESERVED_IDS.items():
        noun = model._meta.verbose_name
        for key in model._default_manager.filter(pk__in=words).values_list("pk", flat=True):
            yield f"The {noun} “{key}” has the name of a page, which hides it there. The API knows it."
        lowered = model._default_manager.order_by().annotate(lowered=Lower("pk")).values("lowered")
        for one in lowered.annotate(number=Count("*")).filter(number__gt=1).order_by("lowered"):
            keys = model._default_manager.annotate(lowered=Lower("pk")).filter(lowered=one["lowered"])
            names = some(sorted(keys.values_list("pk", flat=True)))
            yield f"The ids {names} of {model._meta.verbose_name_plural} differ only in case: people take them for one."


def _labels() -> Iterator[str]:
    """What `label_fault` finds, which needs more text than the name of a key may have."""
    for model in apps.get_app_config("ipam").get_models():
        if issubclass(model, Described):
            size = Length(Cast("labels", TextField()))
            long = model._default_manager.annotate(size=size).filter(size__gt=LABEL_NAME_LENGTH).order_by("pk")
            faults = [(str(one), fault) for one in long.iterator() if (fault := label_fault(one.labels))]
            if faults:
                yield (
                    f"Labels of {model._meta.verbose_name_plural} {some([name for name, _ in faults])} stay until they "
                    f"are changed: {faults[0][1]}"
                )
