from django.db import models
from django.db.models import Q

from ipam.models.base import Described, RecordQuerySet
from ipam.models.indexes import texts
from ipam.natural import Natural

LOWEST_VNI, HIGHEST_VNI = 1, 16_777_215  # 24 bits, RFC 7348


class VRFQuerySet(RecordQuerySet["VRF"]):
    id_characters = "0123456789"


class VRF(Described):
    """A routing instance, identified by its VNI."""

    id = models.PositiveIntegerField("VNI", primary_key=True)
    kept = models.BooleanField(
        default=False,
        editable=False,
        help_text="Made by hand: it stays when its last network goes. All others return to the pool then.",
    )

    objects = VRFQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = "VRF"
        indexes = [
            models.Index(Natural("name"), "id", name="vrf_in_order"),  # the list of VRFs
            models.Index(fields=["created_at", "id"], name="vrf_by_age"),
            *texts("vrf", "id", columns=Described.texts),
        ]
        constraints = [
            models.CheckConstraint(
                name="vrf_vni_in_range",
                condition=Q(id__gte=LOWEST_VNI, id__lte=HIGHEST_VNI),
                violation_error_message=f"A VNI is between {LOWEST_VNI} and {HIGHEST_VNI}.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
