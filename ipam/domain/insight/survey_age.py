"""Whether somebody surveys: what lists, charts, forecasts and alerts say is as old as the last survey."""

from datetime import datetime, timedelta
from uuid import uuid4

from django.core.mail import mail_admins
from django.utils import timezone

from ipam.domain.core import leases
from ipam.models import Finding, Survey

_OLD = timedelta(days=1)
_TOLD_FOR = 86_400  # seconds until whoever has been told is told again


def last() -> datetime | None:
    """When the last survey looked; None if there was none."""
    return Survey.objects.values_list("at", flat=True).first()


def is_old(as_of: datetime | None) -> bool:
    """Whether a survey of that moment is so old, or missing, that somebody should know."""
    return as_of is None or timezone.now() - as_of > _OLD


def finding(as_of: datetime | None) -> Finding:
    """What to look at where the last survey is old."""
    return Finding(
        code="survey_old",
        severity=Finding.Severity.WARNING,
        kind="survey",
        object_name="Survey",
        sentence=f"No survey has been kept {_since(as_of)}: let `manage.py work` run, or `manage.py survey` hourly, "
        "else rankings and findings are old.",
    )


def tell_admins() -> None:
    """Write a mail to ADMINS while the last survey is old, once a day."""
    as_of, holder = last(), uuid4().hex
    if not is_old(as_of) or not leases.hold(["survey-mail"], holder, seconds=_TOLD_FOR):
        return
    try:
        mail_admins(
            "No survey for a day",
            f"No survey of this installation has been kept {_since(as_of)}, so its charts, forecasts, rankings and "
            "alerts are old.\n\nLook into the log of `manage.py work`, or run `manage.py survey` to see what is wrong.",
        )
    except OSError:  # the next run tries again
        leases.release(holder)
        raise


def _since(as_of: datetime | None) -> str:
    return f"since {as_of:%Y-%m-%d %H:%M} UTC" if as_of else "yet"
