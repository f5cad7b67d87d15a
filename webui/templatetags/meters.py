"""How full something is, drawn. A list has a hundred meters, and a template would take ten times as long for each.

They say numbers and words of ours alone, of which a `<` is escaped.
"""

from html import escape

from django import template
from django.utils.safestring import SafeString

from ipam.domain.insight.findings import FULL, WARN
from webui.meters import Bar

register = template.Library()


@register.simple_tag
def meter(one: Bar, *, big: bool = False, labelled: bool = True) -> SafeString:
    """One family: in words, as a bar, and exactly on hover and for screen readers."""
    name = f'<span class="meter-name">{one.label}</span> ' if labelled else ""
    state = f' <span class="signal signal-{one.state}">{one.state_text}</span>' if one.state else ""
    return SafeString(
        f'<div class="meter family-{one.family}{" meter-big" * big}" role="group" title="{escape(one.exact)}">'
        f'<div class="meter-line"><span>{name}{escape(one.percent)}{state}</span> '
        f'<span class="meter-left">{one.left_text}</span></div>'
        f"{rail(one.width)}{spark(one.spark)}</div>"
    )


@register.simple_tag
def rail(width: float, label: str = "") -> SafeString:
    """A bar of 0..100, whose tail says by hue and shape that it is filling up or scarce; alone it has a label."""
    role, title = ('role="img"', f"<title>{escape(label)}</title>") if label else ('aria-hidden="true"', "")
    tail = f'<rect class="warn" x="80" width="{width - 80:.2f}"/>' if FULL * 100 > width > WARN * 100 else ""
    if width >= FULL * 100:
        tail = f'<rect class="bad" x="80" y="-1.5" width="{width - 80:.2f}"/>'
    return SafeString(
        f'<svg class="rail" viewBox="0 0 100 8" preserveAspectRatio="none" {role}>{title}'
        f'<rect width="{min(width, 80):.2f}"/>{tail}<path d="M80 0v8"/></svg>'
    )


@register.simple_tag
def spark(path: str) -> SafeString:
    """How it went over 90 days; nothing where nothing is known."""
    drawn = f'<svg class="spark" viewBox="0 0 90 20" aria-hidden="true"><path d="{path}"/></svg>'
    return SafeString(drawn if path else "")
