"""`{% link 'network' pk %}`: as `{% url %}`, in a tenth of the time."""

from django import template

from ipam.links import link

register = template.Library()
register.simple_tag(link)
