"""What the colours of a map tell apart: projects, types, or the values of a label."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from ipam import errors
from webui.map_holders import Holder

_COLOURS = 8
_SHOWN_LABELS = 5


@dataclass(frozen=True)
class Colour:
    """A line of the legend: what has this colour (0: the rest), and how many holders of each family that is."""

    number: int
    name: str
    counts: Sequence[int]


@dataclass(frozen=True)
class Colouring:
    """By what holders are told apart: `project`, `type` or a `label` of this key."""

    by: str
    key: str = ""

    @classmethod
    def parse(cls, text: str) -> "Colouring":
        """From a URL: `type`, `label:tenant`; Invalid for anything else. By project if nothing is said."""
        by, _, key = (text or "project").partition(":")
        if by not in ("project", "type", "label") or (by == "label") != bool(key):
            raise errors.Invalid("A map is coloured by project, type or label:KEY.", field="colour")
        return cls(by, key)

    def __str__(self) -> str:
        return f"{self.by}:{self.key}" if self.key else self.by

    @property
    def name(self) -> str:
        return self.key or self.by

    def of(self, holder: Holder) -> Hashable:
        """What tells this holder from others; None where it lacks the label."""
        if self.by == "label":
            return holder.labels.get(self.key)
        return holder.type if self.by == "type" else holder.project_id or ""

    def said(self, holder: Holder) -> str:
        """How the legend calls it."""
        if self.by == "label":
            return holder.labels.get(self.key) or "set"
        return holder.type if self.by == "type" else holder.project or "nobody’s"

    def colours(self, families: Sequence[Iterable[Holder]]) -> tuple[dict[Hashable, int], list[Colour]]:
        """The colours of what holds most in sight, of all families together; and their legend."""
        counts = [Counter(map(self.of, holders)) for holders in families]
        names = {self.of(one): self.said(one) for holders in families for one in holders}
        tenants = {self.of(one): one.tenant for holders in families for one in holders} if self.by == "project" else {}
        named = Counter(names.values())
        for key, name in names.items():
            if named[name] > 1 and tenants.get(key):
                names[key] = f"{name} · {tenants[key]}"
        held = sum(counts, Counter())
        lacking = held.pop(None, 0)
        numbers = {key: number for number, (key, _) in enumerate(held.most_common(_COLOURS), 1)}
        legend = [Colour(number, names[key], [one[key] for one in counts]) for key, number in numbers.items()]
        if lacking or len(held) > len(numbers):
            rest = [one.total() - sum(one[key] for key in numbers) for one in counts]
            legend.append(Colour(0, "others" if len(held) > len(numbers) else f"no {self.key}", rest))
        return numbers, legend


def offered(chosen: Colouring, holders: Iterable[Holder]) -> list[Colouring]:
    """By what a map may be coloured: the labels that most in sight have, and what is chosen."""
    keys = Counter(key for holder in holders for key in holder.labels)
    known = [Colouring("project"), Colouring("type")]
    known += [Colouring("label", key) for key, _ in keys.most_common(_SHOWN_LABELS)]
    return known if chosen in known else [*known, chosen]
