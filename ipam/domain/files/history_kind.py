"""How full networks were, as a table."""

from ipam.addressing import Family
from ipam.domain.files import cells
from ipam.domain.files.columns import Column, Kind, in_batches
from ipam.models import Sample, Series


def _count(name: str) -> Column:
    """As text: a spreadsheet keeps 15 digits of a number."""
    return Column(name, cells.count, lambda row: None if (found := getattr(row, name)) is None else str(found))


HISTORY = Kind(
    "history", "point",
    (
        Column("network", cells.key, of=lambda row: row.series.network_id),
        Column(
            "address_family", cells.choice(*(one.key for one in Family)), of=lambda row: Family(row.series.family).key
        ),
        Column("at", cells.moment, of=lambda row: row.at.isoformat()),
        *map(_count, ("used", "total", "high", "used_prefixes", "available_prefixes")),
    ),
    in_batches, in_batches, in_batches,
    lambda: Sample.objects.filter(series__in=Series.objects.of_networks()).select_related("series"), ("series", "at"),
)  # fmt: skip
