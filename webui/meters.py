"""Counts as people read them: one unit per family, exact numbers on hover."""

from collections.abc import Mapping
from dataclasses import dataclass

from ipam.addressing import Family, fitting, size, utilization
from ipam.domain.insight.findings import FULL, WARN
from ipam.domain.space import usable_space
from ipam.domain.space.utilization import FamilyUse, Room, room
from ipam.models import Prefix

_WORDS = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"))
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def humanize(count: int) -> str:
    """A count of any size in a few characters: 1,022 · 4.29 billion · 1.84 × 10¹⁹."""
    if count < 10**6:
        return f"{count:,}"
    if count >= 10**15 - 10**15 // 2000:
        mantissa, exponent = f"{count:.2e}".split("e")
        return f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPT)}"
    for one, word in _WORDS:
        if count >= one - one // 2000:  # what rounds to 1,000 of a word is 1 of the next
            return f"{count / one:.3g} {word}"
    raise AssertionError(count)


def units(family: Family, count: int) -> str:
    """Addresses in a unit that a person can picture: large IPv6 space as /64s, the rest as addresses."""
    share = count / size(Family.IPV6, 64)
    if family is Family.IPV4 or share < 0.1:
        return f"{humanize(count)} address{'' if count == 1 else 'es'}"
    blocks = f"{share:.2g}" if share < 9.95 else humanize(round(share))
    return f"≈ {blocks} /64{'' if share < 1.05 else 's'}"


def percent(share: float) -> str:
    """A share 0..1 as a percentage that never pretends to be nothing or everything."""
    if 0 < share < 0.001:
        return "< 0.1 %"
    if 0.999 < share < 1:
        return "> 99.9 %"
    return f"{share * 100:.2g} %" if share < 0.1 else f"{share * 100:.3g} %"


@dataclass(frozen=True)
class Meter:
    """How one family of a network is drawn."""

    use: FamilyUse
    child_length: int | None = None

    @property
    def family(self) -> str:
        return self.use.family.key

    @property
    def label(self) -> str:
        return self.use.family.label

    @property
    def percent(self) -> str:
        return percent(self.use.utilization)

    @property
    def width(self) -> float:
        """Of the bar, 0..100; anything taken is seen."""
        return max(self.use.utilization * 100, 0.8 if self.use.used_ips else 0)

    @property
    def state(self) -> str:
        """What the meter says in words and shape, not by colour alone."""
        share = self.use.utilization
        return "full" if share >= FULL else "warn" if share >= WARN else ""

    @property
    def state_text(self) -> str:
        return {"full": "■ full" if not self.use.available_ips else "■ scarce", "warn": "▲ filling up"}.get(
            self.state, ""
        )

    @property
    def left(self) -> int:
        return self.use.available_ips if self.use.available_prefixes is None else self.use.available_prefixes

    @property
    def taken(self) -> int:
        return self.use.used_ips if self.use.available_prefixes is None else self.use.used_prefixes

    @property
    def taken_text(self) -> str:
        return humanize(self.taken)

    @property
    def left_short(self) -> str:
        return humanize(self.left) if self.child_length is not None else units(self.use.family, self.left)

    @property
    def left_text(self) -> str:
        if self.child_length is None:
            return f"{units(self.use.family, self.left)} left"
        return f"{humanize(self.left)} × /{self.child_length} left"

    @property
    def exact(self) -> str:
        """The whole truth, for hovering and for screen readers."""
        use = self.use
        text = (
            f"{use.family.label}: {use.used_ips:,} of {use.total_ips - use.reserved_ips:,} addresses taken "
            f"({self.percent}), {use.available_ips:,} free"
        )
        if use.available_prefixes is not None:
            text += f"; {use.used_prefixes:,} children, room for {use.available_prefixes:,} of /{self.child_length}"
        return text + "."


@dataclass(frozen=True)
class PrefixMeter:
    """How one prefix of a network is drawn; `lengths` is its free space, {prefix length: how many blocks}."""

    prefix: Prefix
    lengths: Mapping[int, int]
    child_length: int | None

    @property
    def free(self) -> int:
        return sum(size(self.prefix.address_family, length) * blocks for length, blocks in self.lengths.items())

    @property
    def takeable(self) -> int:
        first, length, is_super = self.prefix.first.value, self.prefix.length, self.child_length is not None
        held_back = usable_space.count_held_back(self.prefix.address_family, first, length, is_super=is_super)
        return size(self.prefix.address_family, length) - held_back

    @property
    def share(self) -> float:
        return utilization(self.takeable - self.free, self.takeable)

    @property
    def percent(self) -> str:
        return percent(self.share)

    @property
    def width(self) -> float:
        return max(self.share * 100, 0.8 if self.share else 0)

    @property
    def left(self) -> str:
        if self.child_length is not None:
            return f"{humanize(self.room)} × /{self.child_length} left"
        return f"{units(self.prefix.address_family, self.free)} left"

    @property
    def room(self) -> int:
        """How many children of the default length fit."""
        return fitting(self.lengths, self.child_length or 0)

    @property
    def exact(self) -> str:
        """The whole truth, for hovering and for screen readers."""
        room = "" if self.child_length is None else f"; room for {self.room:,} children of /{self.child_length}"
        taken = f"{self.takeable - self.free:,} of {self.takeable:,} addresses taken ({self.percent})"
        return f"{self.prefix}: {taken}, {self.free:,} free{room}."


def meters(network: object, uses: list[FamilyUse]) -> list[Meter]:
    """The meters of a network, IPv4 first."""
    lengths: dict[Family, int] = network.default_child_prefix_length  # type: ignore[attr-defined]
    return [Meter(use, lengths.get(use.family)) for use in uses]


def family_pair(network: object, uses: list[FamilyUse]) -> list[Meter | None]:
    """Always two places, IPv4 and IPv6, so that rows align; None where the network lacks the family."""
    by_family = {meter.use.family: meter for meter in meters(network, uses)}
    return [by_family.get(family) for family in Family]


def summary(uses: list[FamilyUse], *, is_super: bool) -> str:
    """The answer to the first question: how much more fits, and what runs out first."""
    left: Room | None = room(uses)
    if left is None:
        return "No prefixes yet"
    both = left.family is not None
    thing = ("dual-stack child" if both else "child") if is_super else ("pair" if both else "address")
    plural = {"child": "children", "dual-stack child": "dual-stack children", "address": "addresses", "pair": "pairs"}
    text = f"Room for {humanize(left.count)} more {thing if left.count == 1 else plural[thing]}"
    return f"{text}; {left.family.label} runs out first" if left.family else text
