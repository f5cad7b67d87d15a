"""The two lanes, drawn: bullets, signals, coverage, squares. A list has hundreds; templates would be slow."""

from collections.abc import Iterable, Sequence
from html import escape

from django import template
from django.utils.safestring import SafeString

from ipam.addressing import Family
from ipam.domain.insight.coverage import Coverage
from webui.cluster_lanes import RangeCut
from webui.heat import Cell
from webui.meters import percent

register = template.Library()
_SLEEPERS, _SHARES = 50, 25
_MARKS = {
    "bad": '<rect width="10" height="10" rx="2"/>',
    "full": '<rect width="10" height="10" rx="2"/>',
    "warn": '<path d="M5 0l5 10H0z"/>',
}


@register.simple_tag
def bullet(family: Family, *, big: bool = False, missing: bool = False) -> SafeString:
    """Line 4 is round, line 6 is square; hollow where a network has no such line."""
    classes = f"bullet family-{family.key}{' bullet-big' * big}{' bullet-none' * missing}"
    return SafeString(f'<span class="{classes}" role="img" aria-label="{family.label}">{family.value}</span>')


@register.filter
def grouped(count: int) -> str:
    """A count with its digits in groups: 30,412."""
    return f"{count:,}"


register.filter(percent)


@register.filter
def family_of(text: object) -> Family:
    """The family of an address or CIDR."""
    return Family.IPV6 if ":" in str(text) else Family.IPV4


@register.filter
def families_held(machine: object) -> list[tuple[Family, bool]]:
    """Each family, and whether a node of a cluster has an address of it there (`migration.nodes_of`)."""
    return [(family, getattr(machine, f"has_{family.key}")) for family in Family]


@register.filter
def is_pair(texts: Sequence[object]) -> bool:
    """Whether these are two addresses or prefixes, one of each family."""
    return len(texts) == len(Family) and len({family_of(one) for one in texts}) == len(Family)


@register.simple_tag
def signal(state: str, text: object) -> SafeString:
    """Words with a mark that says how pressing they are: a square is serious, a triangle is soon."""
    if state not in _MARKS:
        return SafeString(
            f'<span class="{"signal signal-none" if state == "none" else "strong"}">{escape(str(text))}</span>'
        )
    mark = f'<svg viewBox="0 0 10 10" aria-hidden="true">{_MARKS[state]}</svg>'
    return SafeString(f'<span class="signal signal-{state}">{mark}{escape(str(text))}</span>')


@register.simple_tag
def sleepers(whole: Coverage) -> SafeString:
    """Fifty sleepers between both rails: whole ones are pairs, the others miss a side."""
    four, six = (round(whole.only[family] / whole.total * _SLEEPERS) for family in Family)
    kinds = ["tie"] * (_SLEEPERS - four - six) + ["half4"] * four + ["half6"] * six
    ends = {"tie": "12V36", "half4": "12V22", "half6": "26V36"}
    drawn = "".join(f'<path class="{kind}" d="M{5 + 10 * place} {ends[kind]}"/>' for place, kind in enumerate(kinds))
    return SafeString(
        '<svg class="sleepers" viewBox="0 0 500 48" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="t4" d="M0 8H500"/><path class="t6" d="M0 40H500"/>{drawn}</svg>'
    )


@register.simple_tag
def share_of_pairs(one: Coverage) -> SafeString:
    """How far both rails of a place reach, and how far they are joined."""
    four, six = (round((one.pairs + one.only[family]) / one.total * 100) for family in Family)
    ties = "".join(f"M{4 * place + 2} 4V10" for place in range(_SHARES) if 4 * place + 2 < one.share * 100)
    return SafeString(
        '<svg class="shares-bar" viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true">'
        '<path class="e4" d="M0 2H100"/><path class="e6" d="M0 12H100"/>'
        f'<path class="t4" d="M0 2H{four}"/><path class="t6" d="M0 12H{six}"/><path class="tie" d="{ties}"/></svg>'
    )


@register.simple_tag
def cut(one: RangeCut) -> SafeString:
    """A range of a cluster to scale, in bits: what is fixed, which node or service, and which pod of a node."""
    length = one.cidr.prefixlen
    return SafeString(
        f'<svg class="cut" viewBox="0 0 {one.bits} 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect width="{length}" height="8"/><rect class="taken" x="{length}" width="{one.split - length}" height="8"/>'
        f'<rect class="pale" x="{one.split}" width="{one.bits - one.split}" height="8"/></svg>'
    )


@register.simple_tag
def heat(lanes: Iterable[tuple[Family, list[Cell]]], label: str) -> SafeString:
    """A square for each network, IPv4 above IPv6."""
    drawn = "".join(
        f'<g class="family-{family.key}">{"".join(_square(one, row) for one in cells)}</g>'
        for row, (family, cells) in enumerate(lanes)
    )
    return SafeString(f'<svg viewBox="0 0 540 38" role="img" aria-label="{escape(label)}">{drawn}</svg>')


def _square(one: Cell, row: int) -> str:
    place = f'x="{18 * one.x + 1}" y="{20 * row + 1}" width="16" height="16" rx="2"'
    return f'<rect class="heat-{one.state}" {place}><title>{escape(one.title)}</title></rect>'
