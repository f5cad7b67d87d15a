from django.db import models

from ipam.models.managed import MANAGER_LENGTH


class Mirror(models.Model):
    """A system that is mirrored here, and what the last pass over it did."""

    id = models.CharField(max_length=MANAGER_LENGTH, primary_key=True)
    url = models.CharField(max_length=2000)
    passes = models.PositiveBigIntegerField(default=0, help_text="how many there were: each knows those before it")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="when the last pass ended, however it did")
    succeeded_at = models.DateTimeField(help_text="when the last one ended well; before that, when the mirror began")
    seconds = models.FloatField(default=0, help_text="how long the last pass took")
    error = models.TextField(blank=True, default="", help_text="why the last pass failed; empty: it did not")
    done = models.JSONField(default=dict, blank=True, help_text="what the last pass did, by kind: how many")
    told = models.JSONField(default=list, blank=True, help_text="what differs and could not be brought over")

    def __str__(self) -> str:
        return self.id
