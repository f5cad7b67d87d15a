"""`{% icon 'home' %}`: a line icon of static/img/icons.svg. A word stands beside each, or its link has a label."""

from django import template
from django.templatetags.static import static
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """The icon in the colour of the text around it."""
    href = f"{static('img/icons.svg')}#{name}"
    return SafeString(f'<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><use href="{href}"/></svg>')
