"""The picture of a prefix: hundreds of squares and holders, written here as a template would take ten times as long.

They say no more than they must: what all links are, partly taken squares and holders, the style sheet knows.
"""

from collections.abc import Iterable
from html import escape

from django import template
from django.utils.safestring import SafeString

from webui.map_picture import Shape, Square

register = template.Library()


@register.simple_tag
def squares(drawn: Iterable[Square]) -> SafeString:
    """The squares that nobody holds as a whole; one that leads further down has a ring, a free one can be taken."""
    return SafeString("".join(map(_square, drawn)))


def _square(one: Square) -> str:
    title, place = f"<title>{escape(one.label)}</title>", f'x="{one.x}" y="{one.y}"'
    if not one.link:
        return f'<rect class="{one.cell.state}" {place}>{title}</rect>'
    if one.cell.state == "free":
        return f'<a href="{escape(one.link)}">{title}<rect {place}/></a>'
    return f'<a href="{escape(one.link)}">{title}<rect {place}/><circle cx="{one.x}.5" cy="{one.y}.5"/></a>'


@register.simple_tag
def shapes(groups: Iterable[tuple[int, Iterable[Shape]]]) -> SafeString:
    """The holders, each over the squares that it fills; those of one project have one colour."""
    return SafeString("".join(f'<g class="p{colour}">{"".join(map(_shape, drawn))}</g>' for colour, drawn in groups))


def _shape(one: Shape) -> str:
    holder = one.holder
    title = escape(f"{holder.cidr}: {holder.label}" + f", {holder.detail}" * (holder.detail != holder.label))
    size = "" if one.width == one.height == 1 else f' width="{one.width}" height="{one.height}"'
    name = f'<text x="{one.x}.25" y="{one.middle}">{escape(one.name)}</text>' if one.name else ""
    return f'<a href="{escape(holder.link)}"><title>{title}</title><rect x="{one.x}" y="{one.y}"{size}/>{name}</a>'
