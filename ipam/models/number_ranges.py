from django.db import models
from django.db.models import F, Q


class NumberRange(models.Model):
    """Free numbers of a pool, first..last inclusive. They never overlap, but may touch: each serves one client."""

    class Pool(models.TextChoices):
        VRF = "vrf", "VRF"
        ASN = "asn", "ASN"

    pool = models.CharField(max_length=3, choices=Pool)
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()

    class Meta:
        ordering = ["pool", "first"]
        constraints = [
            models.UniqueConstraint(name="number_range_once", fields=["pool", "first"]),
            models.CheckConstraint(name="number_range_not_empty", condition=Q(first__lte=F("last"))),
        ]

    def __str__(self) -> str:
        return f"{self.pool} {self.first}..{self.last}"
