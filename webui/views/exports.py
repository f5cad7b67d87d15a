"""What a list shows, all of it, as a file."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, StreamingHttpResponse

from ipam import filters
from ipam.domain.core import access
from ipam.domain.files import exports
from ipam.domain.networks import dns_names

_NO_FILTERS = ("cursor", "limit", "ordering", "sort", "open", "domain")  # parameters of pages and of zones


@login_required
def export(request: HttpRequest, name: str, format: str) -> StreamingHttpResponse:
    """Streamed, so that its size does not matter; narrowed by the parameters that the list has."""
    found, _ = exports.find(name, format)
    parameters = request.GET.copy()
    for parameter, values in request.GET.lists():
        if parameter in _NO_FILTERS or not any(values):  # a field of the list's form that was left empty
            del parameters[parameter]
    objects = filters.narrow(found.filtered_as, parameters, access.visible(found.objects()))
    domain = request.GET.get("domain", dns_names.DEFAULT_DOMAIN)
    return StreamingHttpResponse(
        exports.pieces(name, format, objects, domain),
        content_type=f"{found.formats[format]}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.{format}"'},
    )
