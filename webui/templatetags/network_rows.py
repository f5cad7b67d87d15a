"""A network as a row of a list, drawn: a page has up to fifty, and templates would be slow."""

from html import escape
from typing import Any
from urllib.parse import urlencode

from django import template
from django.utils.safestring import SafeString

from ipam.links import link
from webui.list_state import ListState
from webui.network_rows import Lane, NetworkRow
from webui.templatetags.lanes import signal
from webui.templatetags.meters import rail, spark

register = template.Library()


@register.simple_tag(takes_context=True)
def network_row(context: Any, row: NetworkRow, *, child: bool = False) -> SafeString:
    """The name of a network beside its two lanes; in a tree with what shows and hides its children."""
    name = escape(str(row.network))
    toggle = _toggle(context, row, name) if row.children and not child else ""
    who = (
        f'<th scope="rowgroup" rowspan="2"><span class="who">{toggle}'
        f'<a class="name" href="{escape(link("network", row.network.pk))}">{name}</a>'
        f'<span class="by">{escape(row.about)}</span></span></th>'
    )
    lanes = "".join(
        f'<tr class="family-{lane.family.key}">{who * (not place)}{_cells(lane, context["state"])}</tr>'
        for place, lane in enumerate(row.lanes)
    )
    marked = ' class="is-child"' if child else ""
    return SafeString(f"<tbody{marked}>{lanes}</tbody>")


def _toggle(context: Any, row: NetworkRow, name: str) -> str:
    """The same list with the children of this one below it, or without them."""
    is_open = context.get("opened") == row.network.pk
    asked = context["request"].GET.lists()
    query = [(name, value) for name, values in asked if name != "open" for value in values]
    target = escape(f"?{urlencode(query if is_open else [*query, ('open', row.network.pk)])}")
    does = "Hide" if is_open else "Show"
    return (
        f'<a class="tree tree-toggle" href="{target}" hx-get="{target}" aria-expanded="{str(is_open).lower()}"'
        f' aria-label="{does} the children of {name}"></a>'
    )


def _cells(lane: Lane, state: ListState) -> str:
    """One family: its bullet, its first prefix, and of the other columns those that are shown."""
    meter, hollow = lane.meter, " bullet-none" * lane.is_missing
    drawn = f'<td class="c-bullet"><span class="bullet{hollow}" aria-hidden="true">{lane.family.value}</span></td>'
    drawn += _first_prefix(lane)
    if "taken" in state.shown:
        bar, share = (rail(meter.width, meter.exact), escape(meter.percent)) if meter else ("", "")
        drawn += f'<td class="c-rail">{bar}</td><td class="c-pct num">{share}</td>'
    if "left" in state.shown:
        drawn += f'<td class="c-left num">{lane.left}</td>'
    if "days" in state.shown and state.is_roomy:
        drawn += f'<td class="c-spark">{spark(meter.spark) if meter else ""}</td>'
    if "due" in state.shown:
        drawn += f'<td class="c-due">{signal(lane.state, lane.when)}</td>'
    return drawn


def _first_prefix(lane: Lane) -> str:
    if lane.is_missing:
        return f'<td class="c-cidr is-off">no {lane.family.label}</td>'
    others = len(lane.prefixes) - 1
    more = f' <span class="soft small">+{others}</span>' if others > 0 else ""
    return f'<td class="c-cidr"><span class="address">{"".join(map(str, lane.prefixes[:1]))}</span>{more}</td>'
