"""When a value fires, when it clears, and how it is written; between the two nothing changes. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from operator import ge, le

from ipam.models.alerts import SHARES, AlertRule, Watch

Value = int | float  # a share 0..1, or how many are left
NEVER = float("inf")  # days left of what does not run out
_PERCENT = 100
Compare = Callable[[Value, Value], bool]


@dataclass(frozen=True)
class Limits:
    """The thresholds of a rule on values. Shares may be told as 0.8 or as 80 percent; `scale` says which."""

    fire: Value
    clear: Value
    scale: int
    is_worse: Compare
    is_better: Compare

    @classmethod
    def of(cls, rule: AlertRule) -> "Limits":
        """Those of a rule that has both."""
        fire, clear = Decimal(str(rule.fire)), Decimal(str(rule.clear))
        if rule.watch not in SHARES:
            return cls(float(fire), float(clear), 1, le, ge)
        scale = _PERCENT if fire > 1 else 1
        return cls(float(fire / scale), float(clear / scale), scale, ge, le)

    def fires(self, value: Value) -> bool:
        """Whether something with this value begins to fire."""
        return self.is_worse(value, self.fire)

    def clears(self, value: Value) -> bool:
        """Whether something that fires is over at this value."""
        return self.is_better(value, self.clear)

    def written(self, value: Value | None) -> str:
        """A value in the unit of the thresholds, shares with three decimals, all else whole; empty for none."""
        if value is None or value == NEVER:
            return ""
        return f"{value * self.scale:.3f}" if isinstance(value, float) else str(value)


def plain(number: Decimal | None) -> str | None:
    """A threshold without zeros that say nothing: `80`, `0.8`."""
    return None if number is None else f"{Decimal(str(number)).normalize():f}"


def in_words(rule: AlertRule, number: Decimal | str | None) -> str:
    """A value or threshold of a rule as people read it: `98.5 %`, `4 days`, `13,000`; empty for none."""
    if number is None or number == "":
        return ""
    amount = Decimal(str(number))
    if rule.watch in SHARES:
        share = amount if Limits.of(rule).scale == _PERCENT else amount * _PERCENT
        return f"{share.quantize(Decimal('0.1')).normalize():f} %"
    days = f" day{'' if amount == 1 else 's'}" if rule.watch == Watch.DAYS_LEFT else ""
    return f"{amount.normalize():,f}{days}"
