"""Bring rows in: judge every one, say what would become of it, and do it; all of them, or what is not refused.

They may come from a table or from another system, whose readers yield rows of the kinds that tables have. A preview
is a dry run of the same thing: there is no second code path that could disagree.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from ipam import errors
from ipam.domain.core import access, bulk_insert, history
from ipam.domain.core.bulk_insert import OnProgress
from ipam.domain.core.operations import dry_run, operation
from ipam.domain.core.permissions import Permission
from ipam.domain.files import address_import, formats, history_import, row_import
from ipam.domain.files.columns import Kind
from ipam.domain.files.history_kind import HISTORY
from ipam.domain.files.kinds import ADDRESSES, KINDS
from ipam.domain.files.outcomes import CHANGED, NEW, REFUSED, Outcome, ParsedRow
from ipam.domain.files.raw_rows import Faulty, Row
from ipam.domain.files.references import References
from ipam.domain.files.summaries import MAX_KEPT, Summary
from ipam.domain.files.tables import WHY_REFUSED, Table
from ipam.domain.networks import quotas
from ipam.models import events

_BATCH = 200  # rows that are told of together: a bar moves several times a second


class Source(Protocol):
    """What rows come from. It may be asked again, when the database wants an import to be tried again."""

    def sections(self) -> Iterable[tuple[Kind | None, Iterable[ParsedRow]]]:
        """Rows by kind, none for what could not be read; what others refer to comes first.

        A section is read when those before it have been brought in, so it may depend on what became of them.
        """

    def not_kept(self) -> Iterable[str]:
        """A sentence for what has no place here, asked when all rows are in."""


def preview(source: Source, on_progress: OnProgress = lambda rows: None) -> Summary:
    """What would become of each row if those that are refused were left out. Nothing is kept.

    ParseError when a file is no such table, UnknownField for columns that the kind does not have.
    """
    with dry_run():
        return apply(source, skip_refused=True, on_progress=on_progress)


def refused(table: Table) -> tuple[list[str], list[Row]]:
    """The columns and the rows that a preview refuses, as their file has them and with the reasons; nothing is kept.

    ParseError and UnknownField as for the preview. Of a line that is no row there is only the reason.
    """
    with dry_run():
        reasons = _reasons(table)
    columns: dict[str, None] = {}
    rows: list[Row] = []
    for place, found in formats.read_each(table.file, table.format):
        cells = found.cells if isinstance(found, Faulty) else found
        columns |= dict.fromkeys(cells)
        if place in reasons:
            rows.append({**cells, WHY_REFUSED: reasons[place]})
    names = [*(name for name in columns if name != WHY_REFUSED), WHY_REFUSED]
    return names, [{name: row.get(name) for name in names} for row in rows]


@operation
def _reasons(table: Table) -> dict[int, str]:
    """Why rows are refused, by their places, if the others come in."""
    access.require(Permission.OPERATE)
    with history.as_one_event(events.Verb.IMPORT), quotas.charged_at_end():
        return {
            one.place: " ".join(reason.detail for reason in one.reasons)
            for one in outcomes(table)
            if one.state == REFUSED
        }


@operation
def apply(
    source: Source,
    *,
    skip_refused: bool = False,
    on_progress: OnProgress = lambda rows: None,
    max_refusals: int = MAX_KEPT,
) -> Summary:
    """Make and change what the rows say. With a refused row nothing is kept, unless refused rows are to be skipped.

    `on_progress` is called with the number of rows that were just done. `max_refusals` are told, the others counted.
    """
    access.require(Permission.OPERATE)
    summary = Summary(max_refusals=max_refusals)
    with history.as_one_event(events.Verb.IMPORT), quotas.charged_at_end():
        for batch in bulk_insert.batches(outcomes(source), _BATCH):
            for outcome in batch:
                summary.add(outcome)
            on_progress(len(batch))
        if not skip_refused:
            errors.raise_all(list(summary.refusals()))
        _record(summary)
    summary.not_kept += source.not_kept()
    return summary


def outcomes(source: Source) -> Iterator[Outcome]:
    """What became of each row, inside an operation that decides what a refusal means."""
    references = References()
    for kind, rows in source.sections():
        found: Iterator[Outcome]
        if kind is None:
            found = (row.refused("", row.broken) for row in rows)
        elif kind is ADDRESSES:
            found = address_import.apply(rows, references)
        elif kind is HISTORY:
            found = history_import.apply(rows, references)
        else:
            found = row_import.apply(kind, rows, references)
        for outcome in found:
            references.note(outcome)
            yield outcome


def _record(summary: Summary) -> None:
    """One event for all rows, which the timelines of their networks and addresses show."""
    done = {
        f"{kind.name}, {state}": count
        for kind in KINDS.values()
        for state in (NEW, CHANGED)
        if (count := summary.of_kinds[kind.one, state])
    }
    if done:
        history.write(
            events.Verb.IMPORT,
            events.Kind.INSTALLATION,
            count=sum(done.values()),
            changes={what: [0, count] for what, count in done.items()},
        )
