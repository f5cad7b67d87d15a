"""Which networks the rows of addresses mean that call them by name."""

from collections.abc import Container, Sequence
from dataclasses import replace
from uuid import UUID

from django.db.models import Count, Min

from ipam import errors
from ipam.domain.core import lookups
from ipam.domain.files.outcomes import ParsedRow
from ipam.models import Network


class NetworkNames:
    """The names that the batches of an import have said so far, each looked up once, also as `name · project`.

    Of several networks of a name that of the row's project is meant, or none.
    """

    def __init__(self) -> None:
        self._called: dict[str, list[str]] = {}
        self._own: dict[tuple[str, UUID], str | None] = {}  # None: not exactly one
        self._ambiguous: dict[str, errors.Invalid] = {}

    def with_ids(self, rows: Sequence[ParsedRow], ids: Container[str]) -> list[ParsedRow]:
        """The rows with the ids of their networks; `ids` are those that some have said already.

        Three statements for all new names, and a few for each name that means none of several.
        """
        said = {(row.values.get("network", ""), row.values.get("project")) for row in rows}
        by_name = {(name, project) for name, project in said if name and name not in ids}
        self._called |= lookups.keys_called(Network, {name for name, _ in by_name} - self._called.keys())
        several = {(name, project) for name, project in by_name if project and len(self._called[name]) > 1}
        self._find_own(several - self._own.keys())
        return [self._with_id(row) for row in rows]

    def _find_own(self, new: set[tuple[str, UUID]]) -> None:
        if not new:
            return
        names, projects = map(set, zip(*new, strict=True))
        own = Network.objects.filter(name__in=names, project__in=projects).order_by().values_list("name", "project")
        counted = own.annotate(number=Count("pk"), key=Min("pk"))
        self._own |= dict.fromkeys(new)
        self._own |= {(name, project): key for name, project, number, key in counted if number == 1}

    def _with_id(self, row: ParsedRow) -> ParsedRow:
        name = row.values.get("network", "")
        called = self._called.get(name)
        if not called:
            return row
        key = called[0] if len(called) == 1 else self._own.get((name, row.values.get("project")))  # type: ignore[arg-type]
        if key is None:
            return replace(row, broken=[*row.broken, self._why_none(name)])
        return replace(row, values={**row.values, "network": key})

    def _why_none(self, name: str) -> errors.Invalid:
        if name not in self._ambiguous:
            try:
                lookups.key_of(Network, name, self._called[name])
            except ValueError as why:
                self._ambiguous[name] = errors.Invalid(str(why), field="network")
        return self._ambiguous[name]
