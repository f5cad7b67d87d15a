"""Forecasts in words."""

from ipam.domain.insight.trend import Days, State
from ipam.domain.space.utilization import FamilyUse
from ipam.models import Series
from ipam.wording import count_of


def needs(one: Series) -> str:
    """What a history has to bring before a date can be said."""
    missing = []
    if one.missing_days:
        missing.append(f"{count_of(one.missing_days, 'more day')} of surveys")
    if one.missing_changes:
        missing.append(f"changes on {count_of(one.missing_changes, 'more day')}")
    return " and ".join(missing)


def when(full: Days) -> str:
    """When something is full, in words: `in 41 days (33 to 58)`."""
    return f"in {count_of(full.likely, 'day')}{_range(full)}" if full.likely else "now"


def sentence(use: FamilyUse, state: State, per_day: float, full: Days | None, needs: str) -> str:
    """The forecast in words."""
    name = use.family.label
    number = f"{abs(per_day):,.3g}" if abs(per_day) < 1000 else f"{abs(per_day):,.0f}"
    rate = f"{number} address{'' if number == '1' else 'es'} a day"
    match state:
        case State.FULL:
            what = "No address is left" if use.available_prefixes is None else "No child of the default length fits"
            return f"{name} is full. {what}: add a prefix, or release what is unused."
        case State.GROWING if full is not None:
            return f"{name} runs out in about {count_of(full.likely, 'day')}{_range(full)}."
        case State.FLAT:
            return f"{name} does not change: it will not run out by itself."
        case State.SHRINKING:
            return f"{name} gets emptier, by {rate}."
        case State.NOT_IN_SIGHT:
            return f"{name} grows by {rate}: that lasts for more than three years."
        case _:
            return f"Too little history of {name} for a forecast: {needs} are needed."


def _range(full: Days) -> str:
    if full.latest is None:
        return f", not before {count_of(full.earliest, 'day')} and perhaps never"
    return "" if full.earliest == full.latest else f" ({full.earliest:,} to {full.latest:,})"
