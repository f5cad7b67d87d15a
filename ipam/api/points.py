"""The shape of points of a series that come in."""

from ipam.api import fields, inputs, measures
from ipam.domain.insight.series_points import MAX_STORED


class NewPoint(inputs.Input):
    address_family = fields.OneFamily()
    at = measures.Moment()
    used = measures.Count()
    total = measures.Count()


class NewPoints(inputs.Input):
    points = fields.Many(child=NewPoint(), max_length=MAX_STORED, allow_empty=False)
