"""What people do with alerts: say that they know, or that nothing need be told for a while."""

from datetime import datetime

from ipam import errors
from ipam.domain.core import access, context, history, lookups, states
from ipam.domain.core.operations import operation
from ipam.domain.insight import alert_rules, alert_validation
from ipam.models import Alert
from ipam.models.events import Verb


@operation
def acknowledge(alert: Alert, *, reason: str) -> Alert:
    """Note that the caller knows and why it may go on; WrongState for one that is over.

    Forbidden for all but operators, and owners of the project that it is about.
    """
    current = _lock(alert)
    alert_validation.check_reason(reason)
    before = states.of(current)
    current.acknowledged_by, current.reason = context.current().user, reason
    current.save(update_fields=["acknowledged_by", "reason"])
    history.record(Verb.ACKNOWLEDGE, current, before=before, after=states.of(current))
    return current


@operation
def snooze(alert: Alert, *, until: datetime, reason: str) -> Alert:
    """Tell nothing of it until then; if it still fires then, it is told once. Errors are those of `acknowledge`,
    and Invalid unless `until` is in the future and at most a year away.
    """
    current = _lock(alert)
    alert_validation.check_until(until, reason)
    before = states.of(current)
    alert_rules.silence(Alert.objects.filter(pk=current.pk), until=until, reason=reason)
    current.refresh_from_db()
    history.record(Verb.SNOOZE, current, before=before, after=states.of(current))
    return current


def _lock(alert: Alert) -> Alert:
    current = lookups.get(Alert, alert.pk, lock=True)
    access.require_change(current)
    if not current.is_firing:
        raise errors.WrongState(f"The alert on {current} is over since {current.cleared_at:%Y-%m-%d %H:%M} UTC.")
    return current
