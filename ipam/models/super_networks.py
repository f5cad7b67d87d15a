"""What a super network says of the networks and clusters below it."""

from django.db import models

from ipam.addressing import Family


class ClusterRanges(models.TextChoices):
    """What the ranges of clusters below a super network keep apart from: those of their VRF, or all below it."""

    PER_VRF = "per-vrf", "apart within a VRF"
    STRICT = "strict", "apart everywhere"


class ChildChoice(models.TextChoices):
    """Which of the free blocks with room a super network carves its children out of (rule 14)."""

    BEST_FIT = "best-fit", "Best fit: the smallest block with room"
    SPARSE = "sparse", "Sparse: the largest block, so that neighbours can grow"
    FIRST_FIT = "first-fit", "First fit: the lowest block with room"


class SaidOfChildren(models.Model):
    """Columns that only super networks fill."""

    child_choice = models.CharField(max_length=9, choices=ChildChoice, default=ChildChoice.BEST_FIT)
    cluster_ranges = models.CharField(max_length=7, choices=ClusterRanges, default=ClusterRanges.PER_VRF)
    default_child_length_ipv4 = models.PositiveSmallIntegerField(null=True, blank=True)
    default_child_length_ipv6 = models.PositiveSmallIntegerField(null=True, blank=True)
    min_child_length_ipv4 = models.PositiveSmallIntegerField(null=True, blank=True)
    min_child_length_ipv6 = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def default_child_prefix_length(self) -> dict[Family, int]:
        """The prefix lengths that it hands to children; a missing family means none."""
        return _per_family(self, "default_child_length_")

    @property
    def min_child_prefix_length(self) -> dict[Family, int]:
        """The shortest prefix lengths that a child may ask for; a missing family means no limit."""
        return _per_family(self, "min_child_length_")


def _per_family(network: SaidOfChildren, stem: str) -> dict[Family, int]:
    return {family: value for family in Family if (value := getattr(network, stem + family.key)) is not None}
