from django.db import models
from django.db.models import Q

from ipam.fields import AddressField
from ipam.models.base import SLUG_LENGTH


class Mention(models.Model):
    """An event is also about this: an address whose holder stays, or one of several networks.

    An event that begins or ends tenures needs none for their addresses.
    """

    event = models.ForeignKey("ipam.Event", models.CASCADE, related_name="mentions")
    network_id = models.CharField(max_length=SLUG_LENGTH)
    address = AddressField(null=True, help_text="empty: the network itself")

    class Meta:
        indexes = [
            models.Index(
                fields=["address", "network_id"], name="mention_of_address", condition=Q(address__isnull=False)
            ),
            models.Index(fields=["network_id", "event"], name="mention_of_network", condition=Q(address=None)),
        ]

    def __str__(self) -> str:
        return f"{self.address or self.network_id}"
