import secrets
from typing import Any

from django.apps import apps as installed_apps
from django.apps.registry import Apps
from django.db import connections, models
from django.db.models import Q
from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam.fields import AddressField

LENGTH = 44
_GLOBAL_ID_BITS = 40  # RFC 4193, section 3.2.2
_UNIQUE_LOCAL = 0xFD << 120


class LocalSpace(models.Model):
    """The IPv6 space for pods of this installation: a /44 of unique local addresses, drawn once (RFC 4193)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    first = AddressField(editable=False)

    class Meta:
        verbose_name_plural = "local space"
        constraints = [
            models.CheckConstraint(
                name="local_space_once",
                condition=Q(id=1),
                violation_error_message="An installation has one local space.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.cidr)

    @property
    def cidr(self) -> IPNetwork:
        return IPNetwork((self.first.value, LENGTH), version=6)


def draw(*, using: str, apps: Apps = installed_apps, **kwargs: Any) -> None:
    """Draw the local space of a new installation; runs after every `migrate`, and keeps what there is."""
    if LocalSpace._meta.db_table not in connections[using].introspection.table_names():
        return  # migrated back to before
    first = (_UNIQUE_LOCAL | secrets.randbits(_GLOBAL_ID_BITS) << 80) >> (128 - LENGTH) << (128 - LENGTH)
    apps.get_model("ipam", "LocalSpace").objects.using(using).get_or_create(pk=1, defaults={"first": Address(first, 6)})
