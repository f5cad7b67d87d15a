from collections.abc import Collection, Sequence
from functools import reduce
from operator import or_
from typing import Any, NamedTuple, Self

from django.db import connections, models
from django.db.models import F, Q
from netaddr import IPAddress as Address
from netaddr import IPNetwork, IPRange

from ipam.address_parts import block_of
from ipam.addressing import host, reserved_addresses
from ipam.fields import AddressField, FamilyOf, stored, text_of, to_bytes
from ipam.models.base import FAMILIES, Block, Record, know
from ipam.models.indexes import by
from ipam.models.networks import Network
from ipam.models.projects import Project

# Roots are disjoint, so only the one with the greatest `first` up to the end of a block can reach it.
_LAST_ROOT = """
    WITH wanted (place, last) AS (VALUES {rows})
    SELECT place, (
        SELECT id FROM ipam_prefix WHERE parent_id IS NULL AND namespace_id IS NULL AND first <= wanted.last {others}
        ORDER BY first DESC LIMIT 1
    ) FROM wanted
"""
_BLOCKS_AT_ONCE = 5_000  # SQLite takes 32,766 values in a statement


class PrefixRow(NamedTuple):
    """What lists tell of a prefix, without its model: they read tens of thousands."""

    network_id: str
    pk: int
    family: int
    first: bytes
    length: int
    gateway: bytes | None = None
    reserve_ends: bool = True
    sets_aside: bool = False

    @classmethod
    def of(cls, prefix: "Prefix") -> "PrefixRow":
        """The row of a prefix."""
        first, gateway = to_bytes(prefix.first), prefix.gateway and to_bytes(prefix.gateway)
        about = prefix.reserve_ends, prefix.sets_aside
        return cls(prefix.network_id, prefix.pk, prefix.family, first, prefix.length, gateway, *about)

    def __str__(self) -> str:
        return f"{text_of(self.first)}/{self.length}"

    @property
    def value(self) -> int:
        """The first address."""
        return int.from_bytes(self.first[1:], "big")


class PrefixQuerySet(models.QuerySet["Prefix"]):
    def matching(self, text: str) -> Self:
        """Those that share an address with the block that `text` names, or else those of networks with such a text."""
        wanted = block_of(text)
        if wanted is None:
            return self.filter(network__in=Network.objects.with_text(text).order_by().values("pk"))
        return self.overlapping(wanted)

    def in_order(self) -> Self:
        """IPv4 before IPv6, then in the order in which they were added."""
        return self.order_by("family", "id")

    def networks(self, *related: str) -> list[Network]:
        """The networks of these prefixes, each knowing those and its `related` objects; one statement."""
        held: dict[str, list[Prefix]] = {}
        for prefix in self.in_order().select_related("network", *(f"network__{name}" for name in related)):
            held.setdefault(prefix.network_id, []).append(prefix)
        return [know(prefixes[0].network, prefixes=prefixes) for prefixes in held.values()]

    def rows_of(self, networks: Collection[str]) -> dict[str, list[PrefixRow]]:
        """The prefixes of each of these networks, by its id, in order."""
        found: dict[str, list[PrefixRow]] = {network: [] for network in networks}
        rows = self.filter(network__pk__one_of=found).in_order()
        about = stored("gateway"), "reserve_ends", "sets_aside"
        for row in rows.values_list("network_id", "pk", "family", stored("first"), "length", *about):
            found[row[0]].append(PrefixRow._make(row))
        return found

    def texts_of(self, networks: Collection[str]) -> dict[str, list[str]]:
        """The same as texts."""
        found: dict[str, list[str]] = {network: [] for network in networks}
        rows = self.filter(network__pk__one_of=found).in_order()
        for network, first, length in rows.values_list("network_id", stored("first"), "length"):
            found[network].append(f"{text_of(first)}/{length}")
        return found

    def roots(self) -> Self:
        """Prefixes that were given, not carved out of another."""
        return self.filter(parent=None)

    def overlapping(self, *cidrs: IPNetwork) -> Self:
        """Those that share an address with one of these: they hold it or lie in it, as blocks do."""
        ends = [(cidr, Address(cidr.first, cidr.version), Address(cidr.last, cidr.version)) for cidr in cidrs]
        return self.filter(
            reduce(or_, (_holding(cidr) | Q(first__gte=first, first__lte=last) for cidr, first, last in ends))
        )

    def overlapping_roots(
        self, cidrs: Sequence[IPNetwork], *, apart_from: Sequence[int] = ()
    ) -> dict[IPNetwork, "Prefix"]:
        """For each of these blocks that shares an address with a root, the (last) root; a statement for thousands.

        Roots with the keys `apart_from` (up to a thousand) do not count.
        """
        others = f"AND id NOT IN ({', '.join(['%s'] * len(apart_from))})" if apart_from else ""
        found: dict[IPNetwork, Prefix] = {}
        for start in range(0, len(cidrs), _BLOCKS_AT_ONCE):
            blocks = cidrs[start : start + _BLOCKS_AT_ONCE]
            last = [(place, to_bytes(Address(cidr.last, cidr.version))) for place, cidr in enumerate(blocks)]
            rows = ", ".join(["(%s, %s)"] * len(last))
            with connections[self.db].cursor() as cursor:
                values = [*(value for row in last for value in row), *apart_from]
                cursor.execute(_LAST_ROOT.format(rows=rows, others=others), values)
                nearest = {int(place): key for place, key in cursor.fetchall() if key is not None}
            roots = self.in_bulk(set(nearest.values()))
            near = {blocks[place]: roots[key] for place, key in nearest.items() if key in roots}
            found |= {
                cidr: root
                for cidr, root in near.items()
                if root.family == cidr.version and root.last.value >= cidr.first
            }
        return found

    def supernets_of(self, cidr: IPNetwork) -> Self:
        """Those that all of `cidr` lies in, itself included."""
        return self.filter(_holding(cidr))

    def containing_address(self, address: Address) -> Self:
        """Those that the address lies in."""
        return self.supernets_of(host(address))

    def equal_to(self, cidr: IPNetwork) -> Self:
        """Those that are this block."""
        return self.filter(first=Address(cidr.first, cidr.version), last=Address(cidr.last, cidr.version))

    def within(self, cidr: IPNetwork | IPRange) -> Self:
        """Those that lie in `cidr`, itself included."""
        first, last = Address(cidr.first, cidr.version), Address(cidr.last, cidr.version)
        return self.filter(first__gte=first, first__lte=last, last__lte=last)  # both ends of one range of the index


def _holding(cidr: IPNetwork) -> Q:
    """Whatever holds a block starts at one of at most 129 addresses: so many looks at an index, at any size.

    Told only that it starts before and ends after, the database would read half of the index.
    """
    starts = {one.first for one in [cidr, *cidr.supernet()]}
    last = Address(cidr.last, cidr.version)
    return Q(first__in=[Address(start, cidr.version) for start in sorted(starts)], last__gte=last)


class Prefix(Block, Record):
    """A CIDR of a network; a child network's prefix is carved out of a super network's prefix.

    Its block changes by `resizing` and `splitting` alone. Siblings (same parent, same namespace) never overlap:
    ipam/models/guards.py makes the database refuse that. Its gateway is given only to who names it.
    """

    network = models.ForeignKey(Network, models.PROTECT, related_name="prefixes", db_index=False)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children", db_index=False)
    namespace = models.ForeignKey(Project, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    family = models.PositiveSmallIntegerField(choices=FAMILIES)
    first = AddressField()
    last = AddressField()
    length = models.PositiveSmallIntegerField()
    gateway = AddressField(null=True, blank=True)
    reserve_ends = models.BooleanField(default=True, db_default=True, help_text="whether rule 25 holds here")
    sets_aside = models.BooleanField(
        default=False, db_default=False, editable=False,
        help_text="whether what comes back may be set aside: it has ranges, or its network a quarantine",
    )  # fmt: skip

    objects = PrefixQuerySet.as_manager()

    class Meta:
        ordering = ["family", "id"]
        verbose_name_plural = "prefixes"
        indexes = [
            models.Index(fields=["network", "family", "id"], name="prefix_of_network"),  # every network page
            *by(
                "prefix", "first", "id", columns=("network", "length"), optional=("parent", "namespace")
            ),  # GET prefixes/
            # overlap and containment look for the sibling with the greatest `first`
            models.Index(fields=["parent", "namespace", "first"], name="prefix_siblings"),
            models.Index(fields=["first", "id"], name="prefix_in_order"),  # GET prefixes/, its ?contains=; search
            models.Index(fields=["length", "id"], name="prefix_in_order_of_length"),  # GET prefixes/?ordering=length
            # the children that fill squares of a map: of few lengths, in one range
            models.Index(fields=["parent", "length", "first"], name="prefix_children_by_length"),
        ]
        constraints = [
            models.CheckConstraint(
                name="prefix_family_is_of_its_addresses",
                condition=Q(family=FamilyOf("first")) & Q(family=FamilyOf("last")),
                violation_error_message="The family of a prefix is that of its addresses.",
            ),
            models.CheckConstraint(
                name="prefix_first_not_above_last",
                condition=Q(first__lte=F("last")),
                violation_error_message="A prefix starts before it ends.",
            ),
            models.CheckConstraint(
                name="prefix_gateway_lies_in_it",
                condition=Q(gateway__isnull=True) | Q(gateway__gte=F("first"), gateway__lte=F("last")),
                violation_error_message="A gateway is an address of its prefix.",
                violation_error_code="not_in_prefix",
            ),
            models.CheckConstraint(
                name="prefix_length_in_family",
                condition=Q(family=4, length__lte=32) | Q(family=6, length__lte=128),
                violation_error_message="A prefix length is 0..32 for IPv4 and 0..128 for IPv6.",
            ),
        ]

    @classmethod
    def of(cls, cidr: IPNetwork, **columns: Any) -> "Prefix":
        """A prefix that is this block, not stored yet; what comes back to it cools if its `network` says so."""
        first, last = Address(cidr.first, cidr.version), Address(cidr.last, cidr.version)
        made = cls(family=cidr.version, first=first, last=last, length=cidr.prefixlen, **columns)
        made.sets_aside = "network" in columns and columns["network"].cools_for(made.address_family) is not None
        return made

    @property
    def ends(self) -> list[Address]:
        """The addresses of its ends that are reserved where addresses are given (rule 25), unless it says otherwise."""
        return reserved_addresses(self.cidr) if self.reserve_ends else []
