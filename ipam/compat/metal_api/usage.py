"""How full networks are, in metal-api's terms: not ours, for its clients paint used over available.

Available is the size and does not shrink; used counts what is reserved too, and children not; free prefixes are free
blocks of four addresses (go-ipam: `Usage`). Numbers fit 64 bits with a sign.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count

from ipam.addressing import Family, fitting, reserved_count, size
from ipam.models import FreeBlock, IPAddress, Network, Prefix
from ipam.models.prefixes import PrefixRow

_HIGHEST = 2**63 - 1
Rows = Mapping[str, list[PrefixRow]]  # the prefixes of each network


@dataclass
class Usage:
    """Sums over the prefixes of one family."""

    available_ips: int = 0
    used_ips: int = 0
    available_prefixes: int = 0
    used_prefixes: int = 0

    def shown(self) -> dict[str, int]:
        return {name: min(number, _HIGHEST) for name, number in vars(self).items()}


def of_networks(networks: Iterable[Network], rows: Rows) -> dict[str, dict[Family, Usage]]:
    """The usage of each network by family, IPv4 first; three statements however many networks."""
    held = _counts(IPAddress.objects.filter(network__pk__one_of=rows.keys()), "prefix")
    carved = _counts(Prefix.objects.filter(parent__network__pk__one_of=rows.keys()), "parent")
    plain = {network.pk for network in networks if not network.is_namespaced}
    free = _free({network.pk for network in networks if network.is_super and not network.is_namespaced})
    found: dict[str, dict[Family, Usage]] = {}
    for key, prefixes in rows.items():
        uses = found.setdefault(key, {})
        for row in prefixes:
            family = Family(row.family)
            use = uses.setdefault(family, Usage())
            use.available_ips += size(family, row.length)
            use.used_ips += held.get(row.pk, 0) + reserved_count(family, row.length)
            use.used_prefixes += carved.get(row.pk, 0)
            # Untouched, all of it is free; of a namespaced one nobody's copy is the one that is told.
            lengths = free.get(row.pk, {}) if row.pk in carved and row.network_id in plain else {row.length: 1}
            use.available_prefixes += fitting(lengths, family.bits - 2)
    return found


def _counts(rows: object, column: str) -> dict[int, int]:
    return dict(rows.order_by().values_list(column).annotate(number=Count("*")))  # type: ignore[attr-defined]


def _free(supers: Iterable[str]) -> dict[int, Counter[int]]:
    """The lengths of free blocks by the prefix that they lie in."""
    found: dict[int, Counter[int]] = {}
    blocks = FreeBlock.objects.filter(network__pk__one_of=supers, namespace=None).order_by()
    for prefix, length, number in blocks.values_list("prefix", "length").annotate(number=Count("*")):
        found.setdefault(prefix, Counter())[length] = number
    return found
