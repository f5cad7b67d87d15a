from datetime import timedelta

from django.db import models

from ipam.addressing import Family
from ipam.models.base import OftenEmptyField


class Quarantined(models.Model):
    """How long what was released stays out of use, in hours by the key of the family; none where it is missing."""

    quarantine = OftenEmptyField(default=dict, blank=True)
    quarantine_strict = models.BooleanField(
        default=False, help_text="whether what cools is never given early, also when nothing else is free"
    )

    class Meta:
        abstract = True

    def cools_for(self, family: Family) -> timedelta | None:
        """How long what is released of a family cools; None where it is free at once."""
        hours = self.quarantine.get(family.key)
        return timedelta(hours=hours) if hours else None
