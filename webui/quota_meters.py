"""How much of a quota is used, as people read it."""

from collections.abc import Iterable
from dataclasses import dataclass

from ipam.addressing import Family, utilization
from ipam.domain.insight import quota_forecasts
from ipam.domain.insight.quota_forecasts import QuotaForecast
from ipam.domain.insight.trend import Days, State
from ipam.models import Quota
from webui.meters import Bar, humanize, units


@dataclass(frozen=True)
class QuotaMeter(Bar):
    """How much of one quota is used, drawn like the use of a network."""

    quota: Quota
    forecast: QuotaForecast | None = None

    @property
    def full(self) -> Days | None:
        """When it is used up, where that can be told."""
        return self.forecast.full if self.forecast else None

    @property
    def address_family(self) -> Family:
        return self.quota.address_family

    @property
    def share(self) -> float:
        return utilization(self.quota.used, self.quota.limit) if self.quota.used < self.quota.limit else 1.0

    @property
    def state_text(self) -> str:
        if self.share < 1:
            return {"full": "■ scarce", "warn": "▲ filling up"}.get(self.state, "")
        return "■ past the limit" if self.quota.used > self.quota.limit else "■ used up"

    @property
    def left_text(self) -> str:
        return f"{self._amount(self.quota.used)} of {self._amount(self.quota.limit)}"

    @property
    def exact(self) -> str:
        return f"{self.quota}: {self.quota.used:,} of {self.quota.limit:,} used."

    def _amount(self, number: int) -> str:
        if number and self.quota.resource == Quota.Resource.SPACE and self.quota.address_family is Family.IPV6:
            return units(Family.IPV6, number)
        return humanize(number)


def quota_meters(quotas: Iterable[Quota]) -> list[QuotaMeter]:
    """A meter of each: addresses, networks, space; those of all networks first, IPv4 beside IPv6."""
    order = list(Quota.Resource.values)
    held = sorted(quotas, key=lambda one: (order.index(one.resource), one.network_id or "", one.family))
    forecasts = quota_forecasts.of_quotas(held)
    told = {key: one for key, one in forecasts.items() if one.state in (State.GROWING, State.NOT_IN_SIGHT)}
    return [QuotaMeter(quota, told.get(quota.pk)) for quota in held]
