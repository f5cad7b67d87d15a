"""When a project has used up what it may have: from the series of its addresses."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from ipam.domain.insight import forecast_texts
from ipam.domain.insight import series as all_series
from ipam.domain.insight.trend import Days, State, Trend
from ipam.models import Quota, Series


@dataclass(frozen=True, kw_only=True)
class QuotaForecast:
    """What is said of a quota; days are whole, from now."""

    state: State
    per_day: float
    full: Days | None
    text: str


def of_quotas(quotas: Iterable[Quota]) -> dict[UUID, QuotaForecast]:
    """The forecast of each of these quotas that a series tells of, by its id; at most one statement.

    Those are quotas of addresses in all networks: surveys keep no other series of projects.
    """
    told = [quota for quota in quotas if quota.has_series]
    if not told:
        return {}
    series = Series.objects.open().filter(project_id__in={quota.project_id for quota in told})
    known = {(one.project_id, one.family): one for one in series}
    found = ((quota, known.get((quota.project_id, quota.family))) for quota in told)
    return {quota.pk: _forecast(quota, one) for quota, one in found if one}


def _forecast(quota: Quota, series: Series) -> QuotaForecast:
    all_series.carry_days(series, all_series.utc_day(timezone.now()))
    trend = Trend([*series.used_by_day, quota.used])
    left = quota.limit - quota.used
    state = trend.state(left)
    full = trend.until(left) if state in (State.FULL, State.GROWING) else None
    return QuotaForecast(state=state, per_day=trend.per_day, full=full, text=_sentence(state, full))


def _sentence(state: State, full: Days | None) -> str:
    match state:
        case State.FULL:
            return "It is used up."
        case State.GROWING if full is not None:
            return f"It is used up {forecast_texts.when(full)}."
        case State.TOO_LITTLE_HISTORY:
            return "There is too little history for a forecast."
        case State.NOT_IN_SIGHT:
            return "It lasts for more than three years."
        case _:
            return "It will not be used up by itself."
