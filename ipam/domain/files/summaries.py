"""What became of all rows: how many of each state, the first of each, and every reason to refuse."""

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from ipam import errors
from ipam.domain.files.kinds import KINDS
from ipam.domain.files.outcomes import CHANGED, NEW, REFUSED, UNCHANGED, Outcome
from ipam.domain.files.references import Rows, Shared
from ipam.wording import count_of

MAX_KEPT = 1_000  # outcomes of each state that a summary names; it counts all of them
_PLURALS = {kind.one: kind.name for kind in KINDS.values()}


@dataclass
class Summary:
    """What became of rows, or would: how many of each state, and the first of each by their place.

    `of_kinds` counts by kind and state. `not_kept` says what has no place here. Of refusals that rows do not share, no
    more than `max_refusals` are kept.
    """

    counts: Counter[str] = field(default_factory=Counter)
    of_kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)
    not_kept: list[str] = field(default_factory=list)
    max_refusals: int = MAX_KEPT
    _shared: dict[Hashable, tuple[Shared, str, Rows]] = field(default_factory=dict)
    _more_refused: int = 0

    def add(self, outcome: Outcome) -> None:
        """Count an outcome, and keep it while few are kept."""
        self.counts[outcome.state] += 1
        self.of_kinds[outcome.kind, outcome.state] += 1
        shared = [reason for reason in outcome.reasons if isinstance(reason, Shared)]
        for reason in shared:
            self._join(reason, outcome)
        has_its_own = len(outcome.reasons) > len(shared)
        kept = self.outcomes.setdefault(outcome.state, [])
        if len(kept) < (self.max_refusals if has_its_own else MAX_KEPT):
            kept.append(outcome)
        elif has_its_own:
            self._more_refused += 1

    def _join(self, reason: Shared, outcome: Outcome) -> None:
        kind = _PLURALS.get(outcome.kind, "rows")
        _, _, rows = self._shared.setdefault((type(reason), reason.alike, kind), (reason, kind, Rows()))
        rows.add(outcome.key if outcome.name else f"row {outcome.place}")

    @property
    def refused(self) -> list[Outcome]:
        """The first refusals, by place."""
        return sorted(self.outcomes.get(REFUSED, []), key=lambda one: one.place)

    def refusals(self) -> Iterator[errors.IpamError]:
        """Every reason with the row that it is about, by place; then those that rows share, once each."""
        for outcome in self.refused:
            yield from (outcome.named(one) for one in outcome.reasons if not isinstance(one, Shared))
        if self._more_refused:
            yield errors.Invalid(f"{count_of(self._more_refused, 'more row is', 'more rows are')} refused.")
        for reason, kind, rows in self._shared.values():
            yield reason.together(kind, rows)

    def shown(self, most: int) -> list[Outcome]:
        """Up to `most` outcomes: what is refused first, then what would change, then what is new, then the rest."""
        ordered = [
            outcome
            for state in (REFUSED, CHANGED, NEW, UNCHANGED)
            for outcome in sorted(self.outcomes.get(state, []), key=lambda one: one.place)
        ]
        return ordered[:most]
