"""Tables in: first what would become of each row, then, when a person says so, just that."""

import base64
import io
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from ipam.domain.core import access
from ipam.domain.core.permissions import Permission
from ipam.domain.files import formats, importing
from ipam.domain.files.columns import MANAGED_BY
from ipam.domain.files.documents import ParseError
from ipam.domain.files.examples import EXAMPLES
from ipam.domain.files.importing import Source
from ipam.domain.files.kinds import KINDS
from ipam.domain.files.outcomes import CHANGED, NEW, REFUSED, UNCHANGED
from ipam.domain.files.raw_rows import Row
from ipam.domain.files.summaries import Summary
from ipam.domain.files.tables import Table
from ipam.domain.moving.moves import MOVES
from webui import notices
from webui.pages import render_page_or_part, run_for_form

MAX_UPLOADED = 1_500_000  # bytes; packed and as text it is below DATA_UPLOAD_MAX_MEMORY_SIZE
_MAX_SHOWN = 200  # rows
_WORDS = {name: "VRFs" if name == "vrfs" else name for name in KINDS}
_WORDS |= {"metal-stack": "entries of metal-stack", "netbox": "entries of NetBox", "go-ipam": "entries of go-ipam"}
# Of each other system: what it is called, the files that come, and the keys that its mapping has.
_MOVES: dict[str, tuple[str, list[str], list[tuple[str, str]]]] = {
    "metal-stack": (
        "metal-stack",
        [
            "metalctl network list -o yaml > networks.yaml",
            "metalctl network ip list -o yaml > ips.yaml",
            "metalctl machine list -o yaml > machines.yaml",
        ],
        [("pair: true", "one allocation of what a machine holds in a network of both families; optional")],
    ),
    "netbox": (
        "NetBox",
        ["GET /api/ipam/prefixes/?limit=0", "GET /api/ipam/ip-addresses/?limit=0", "or Export → All data (CSV)"],
        [
            ("partition: fra", "of the networks that are made"),
            ("project: 4b9b17c4-…", "owns what has no tenant"),
            ("tenants: {acme: 4b9b17c4-…}", "slug or name of a tenant, and its project"),
            ("vrfs: {blue: 100700}", "name or route distinguisher, and the VNI; Global is of what has no VRF"),
        ],
    ),
    "go-ipam": (
        "go-ipam",
        ["a dump of one namespace, as JSON"],
        [
            ("project: 4b9b17c4-…", "owns everything; needed"),
            ("partition: fra", "of the networks that are made"),
            ("vrf: 100001", "the VNI of what stands alone"),
            ("namespace: root", "which one comes in"),
            ("containers: [10.0.0.0/14]", "prefixes that children shall be carved from"),
        ],
    ),
}
_LISTED = ("partitions", "projects", "vrfs", "networks", "clusters", "machines", "addresses")  # kinds with a page
_CHOICES = [(name, word[0].upper() + word[1:]) for name, word in _WORDS.items()]


class UploadForm(forms.Form):
    """A file of rows of a kind; of another system also where its entries go."""

    kind = forms.ChoiceField(choices=_CHOICES, widget=forms.HiddenInput)
    file = forms.FileField(
        help_text=f"CSV, JSON, YAML or XLSX, up to {MAX_UPLOADED / 1e6:g} MB; for more there is manage.py import_data."
    )
    mapping = forms.CharField(
        required=False,
        strip=False,
        widget=forms.Textarea({"rows": 6}),
        label="Where it goes",
        help_text="In YAML, by the keys that are explained beside it.",
    )

    def __init__(self, data: Any, files: Any, *, kind: str) -> None:
        super().__init__(data, files, initial={"kind": kind})
        if kind not in MOVES:
            del self.fields["mapping"]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_UPLOADED:
            raise forms.ValidationError(f"The file has {file.size:,} bytes. Split it, or use manage.py import_data.")
        try:
            self.cleaned_data |= {"name": file.name, "format": formats.guess(file.name)}
        except ParseError as error:
            raise forms.ValidationError(error.detail) from None
        return file.read()


class PackedForm(forms.Form):
    """The file of a preview, which comes back with the page: nothing is kept between the two steps."""

    kind = forms.ChoiceField(choices=_CHOICES, widget=forms.HiddenInput)
    name = forms.CharField(widget=forms.HiddenInput, required=False)
    format = forms.ChoiceField(choices=[(one, one) for one in formats.FORMATS], widget=forms.HiddenInput)
    file = forms.CharField(widget=forms.HiddenInput, strip=False)
    mapping = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)

    def clean_file(self) -> bytes:
        try:
            unpacker = zlib.decompressobj()
            content = unpacker.decompress(base64.b64decode(self.cleaned_data["file"], validate=True), MAX_UPLOADED)
        except (ValueError, zlib.error):
            content = b""
        if not content or not unpacker.eof:
            raise forms.ValidationError("The file did not come back whole. Choose it again.")
        return content


def _pack(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content)).decode()


def _source(data: dict[str, Any]) -> Source:
    file = io.BytesIO(data["file"])
    if move := MOVES.get(data["kind"]):
        return move(file, data["name"], data["mapping"])
    return Table(KINDS[data["kind"]], file, data["format"])


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Choose a file; then see what would become of each row."""
    access.require(Permission.OPERATE)
    kind = request.POST.get("kind") or request.GET.get("kind", "")
    kind = kind if kind in _WORDS else "addresses"
    form = UploadForm(request.POST or None, request.FILES or None, kind=kind)
    if form.is_valid():
        data = form.cleaned_data
        packed = PackedForm({**data, "file": _pack(data["file"])})
        summary = run_for_form(form, lambda: importing.preview(_source(data)))
        if summary is not None:
            return _show_preview(request, packed, summary)
    table, example = KINDS.get(kind), next(iter(EXAMPLES.get(kind, [])), {})
    context = {
        "section": "imports",
        "form": form,
        "kind": kind,
        "tables": [(name, _WORDS[name]) for name in dict.fromkeys(("addresses", "networks", "machines", *KINDS))],
        "moves": _MOVES,
        "move": _MOVES.get(kind),
        "example": example,
        "others": [name for name in table.names if name not in (*example, MANAGED_BY.name)] if table else [],
    }
    return render_page_or_part(request, "imports/index.html", context)


@login_required
def download_example(request: HttpRequest, kind: str) -> HttpResponse:
    """A few rows of a kind, to begin with."""
    access.require(Permission.OPERATE)
    if kind not in EXAMPLES:
        raise Http404
    return _file(f"example-{kind}.csv", "csv", list(EXAMPLES[kind][0]), EXAMPLES[kind])


@login_required
@require_POST
def refused(request: HttpRequest) -> HttpResponse:
    """The rows that a preview refuses, each with the reason, as a file to mend and to choose again."""
    access.require(Permission.OPERATE)
    packed = PackedForm(request.POST)
    if not packed.is_valid() or packed.cleaned_data["kind"] not in KINDS:
        messages.error(request, "The file did not come back whole. Choose it again.")
        return redirect("imports")
    data = packed.cleaned_data
    table = Table(KINDS[data["kind"]], io.BytesIO(data["file"]), data["format"])
    columns, rows = importing.refused(table)
    return _file(f"refused-{data['kind']}.{data['format']}", data["format"], columns, rows)


def _file(name: str, format: str, columns: Sequence[str], rows: Iterable[Row]) -> HttpResponse:
    file = io.BytesIO()
    formats.write(columns, rows, format, file)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(file.getvalue(), content_type=formats.FORMATS[format], headers=headers)


@login_required
@require_POST
def apply(request: HttpRequest) -> HttpResponse:
    """Do what the preview said. Refused rows keep everything out, unless they are to be skipped."""
    access.require(Permission.OPERATE)
    packed = PackedForm(request.POST)
    if not packed.is_valid():
        messages.error(request, "The file did not come back whole. Choose it again.")
        return redirect("imports")
    data = packed.cleaned_data
    summary = run_for_form(packed, lambda: importing.apply(_source(data), skip_refused="skip" in request.POST))
    if summary is None:
        again = PackedForm(request.POST)  # without what was refused, for the preview says it row by row
        seen = run_for_form(again, lambda: importing.preview(_source(data)))
        return _show_preview(request, again, seen or Summary(), failed=True)
    done = ", ".join(f"{count} {state}" for state, count in _counts(summary))
    rest = " Mend what was refused and import it; what is in stays as it is." if summary.counts[REFUSED] else ""
    notices.tell(request, f"Imported {_WORDS[data['kind']]}: {done or 'no rows'}.{rest}", ())
    return redirect(data["kind"] if data["kind"] in _LISTED else "imports")


def _counts(summary: Summary) -> list[tuple[str, str]]:
    states = (NEW, CHANGED, UNCHANGED, REFUSED)
    return [(state, f"{summary.counts[state]:,}") for state in states if summary.counts[state]]


def _show_preview(request: HttpRequest, packed: PackedForm, summary: Summary, *, failed: bool = False) -> HttpResponse:
    counts, shown = summary.counts, summary.shown(_MAX_SHOWN)
    hidden = counts.total() - len(shown)
    context = {
        "section": "imports",
        "form": packed,
        "kind": _WORDS[packed["kind"].data],
        "name": packed["name"].data,
        "failed": failed,
        "counts": _counts(summary),
        "rows": shown,
        "is_move": packed["kind"].data in MOVES,
        "kind_key": packed["kind"].data,
        "not_kept": summary.not_kept[:_MAX_SHOWN],
        "hidden": f"{hidden:,}" if hidden else "",
        "refused": f"{counts[REFUSED]:,}" if counts[REFUSED] else "",
        "unchanged": counts[UNCHANGED],
        "to_do": counts[NEW] + counts[CHANGED],
    }
    return render_page_or_part(request, "imports/preview.html", context)
