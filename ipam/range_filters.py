"""What lists of ranges are narrowed by."""

import django_filters as filters

from ipam.filter_fields import StrictFilterSet, of_family, reference
from ipam.models import AddressRange, Project


class RangeFilters(StrictFilterSet):
    use = filters.ChoiceFilter(choices=AddressRange.Use.choices)
    project = reference(Project, "project_id", nullable=True)
    address_family = of_family("family")
