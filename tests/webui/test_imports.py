"""Import by hand: a preview of every row, then just that; and exports of what a list shows."""

import base64
import io
import re
import zlib
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from ipam.domain.files import exports, formats
from ipam.domain.files.examples import EXAMPLES
from ipam.domain.files.kinds import KINDS
from ipam.domain.networks import addresses, networks
from ipam.models import IPAddress, Network, Partition, Project
from tests.builders import cidrs, external
from webui.views.imports import MAX_UPLOADED


def upload(web: Client, kind: str, name: str, content: bytes, mapping: str = "") -> str:
    answer = web.post("/imports/", {"kind": kind, "file": SimpleUploadedFile(name, content), "mapping": mapping})
    return answer.content.decode()


def packed(html: str) -> dict[str, str]:
    """The hidden fields of the preview."""
    found = re.findall(r'<input type="hidden" name="(kind|name|format|file|mapping)" value="([^"]*)"', html)
    return {name: unescape(value) for name, value in found}


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_every_row_is_judged_before_anything_happens(web: Client, partition: Partition) -> None:
    html = upload(web, "partitions", "sites.csv", b"id,name\nmini-lab,Lab\nfra,\nx,\n")
    assert "1 new 1 changed 1 refused" in text(html)
    assert "name: — → Lab" in text(html)
    assert "An id has 2 to 128 letters" in html
    assert Partition.objects.count() == 1


def test_what_was_previewed_is_then_done(web: Client, db: None) -> None:
    html = upload(web, "partitions", "sites.yaml", b"- {id: fra, labels: {a: b}}")
    answer = web.post("/imports/apply/", packed(html), follow=True)
    assert "Imported partitions: 1 new" in answer.content.decode()
    assert Partition.objects.get().labels == {"a": "b"}


def test_refused_rows_keep_the_others_out_until_they_are_to_be_skipped(web: Client, db: None) -> None:
    html = upload(web, "partitions", "sites.csv", b"id\nfra\nx\n")
    again = text(web.post("/imports/apply/", packed(html)).content.decode())
    assert "Nothing was imported" in again
    assert again.count("An id has 2 to 128") == 1
    assert Partition.objects.count() == 0
    web.post("/imports/apply/", packed(html) | {"skip": "1"})
    assert [one.pk for one in Partition.objects.all()] == ["fra"]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("sites.exe", b"id\nfra", "ends with none of .csv"),
        ("sites.csv", "id\nKöln".encode("latin-1"), "Line 2 is not UTF-8"),
        ("sites.csv", b"id,naem\nfra,x", "There is no column “naem”"),
        ("sites.xlsx", b"nonsense", "This is no XLSX file"),
        ("sites.csv", b"x" * (MAX_UPLOADED + 1), "Split it, or use manage.py import_data"),
        ("sites.csv", b"", "empty"),
    ],
)
def test_a_file_that_is_no_table_is_told_beside_the_form(
    web: Client, db: None, name: str, content: bytes, why: str
) -> None:
    html = upload(web, "partitions", name, content)
    assert (why in html, "<h1>Import a table</h1>" in html) == (True, True)


@pytest.mark.parametrize("file", ["", "no base64!", "aGVsbG8=", "eJwDAAAAAAE="])
def test_a_file_that_does_not_come_back_whole_is_told(web: Client, db: None, file: str) -> None:
    answer = web.post("/imports/apply/", {"kind": "partitions", "format": "csv", "file": file}, follow=True)
    assert "The file did not come back whole" in answer.content.decode()


def test_a_packed_bomb_is_not_unpacked(web: Client, db: None) -> None:
    bomb = base64.b64encode(zlib.compress(bytes(100_000_000))).decode()
    answer = web.post("/imports/apply/", {"kind": "partitions", "format": "csv", "file": bomb}, follow=True)
    assert "The file did not come back whole" in answer.content.decode()


def test_names_are_escaped_in_a_preview(web: Client, partition: Partition) -> None:
    html = upload(web, "partitions", "sites.csv", b"id,name\nmini-lab,<script>x</script>")
    assert "<script>x" not in html


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"id\nx\ny\n", "Every row is refused: there is nothing to import. Correct the file and choose it again."),
        (
            b"id\nx\nmini-lab\n",
            "1 row is refused, and the rest is there already: there is nothing to import. "
            "Correct the file and choose it again.",
        ),
        (b"id\nx\nfra\nmuc\n", "1 row is refused. Correct the file and choose it again, or import the others."),
        (b"id\nx\ny\nfra\n", "2 rows are refused. Correct the file and choose it again, or import the others."),
        (b"id\nmini-lab\n", "Everything is there already: there is nothing to import."),
        (b"id,name\n", "The file has no rows: there is nothing to import."),
        (b"id\nfra\n", "Nothing is kept yet."),
    ],
)
def test_a_preview_says_in_a_sentence_what_can_be_done(
    web: Client, partition: Partition, content: bytes, told: str
) -> None:
    html = upload(web, "partitions", "sites.csv", content)
    notice = re.search(r'<p class="notice[^>]*>(.*?)</p>', html, re.DOTALL)
    assert notice is not None
    assert text(notice[1]) == told
    assert ("Import all but" in html or ">Import</button>" in html) == (b"fra" in content)


def test_a_preview_names_its_file_and_what_the_rows_are(web: Client, db: None) -> None:
    html = upload(web, "vrfs", "our <VRFs>.csv", b"id\n7\n")
    assert "What would become of these VRFs" in html
    assert "our &lt;VRFs&gt;.csv" in html
    assert "Imported VRFs: 1 new" in web.post("/imports/apply/", packed(html), follow=True).content.decode()


def test_a_row_whose_key_cannot_be_read_is_called_by_what_it_says(web: Client, db: None) -> None:
    html = upload(web, "addresses", "a.csv", b"ip,network\n10.0.0.300,internet\n")
    assert '<th scope="row" class="address">10.0.0.300</th>' in html


def test_a_file_of_another_table_is_told_in_one_sentence(web: Client, internet: Network, project: Project) -> None:
    heads = b"".join(web.get("/exports/addresses.csv").streaming_content)
    file = heads + b",10.0.0.1" + b"," * (heads.count(b",") - 1) + b"\n"
    html = upload(web, "partitions", "addresses.csv", file)
    assert "There is no column" not in html
    assert "These are columns of addresses, not of partitions: say that the rows are addresses." in html


def test_importing_an_export_changes_nothing(web: Client, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, count=3, name="=1+1")
    file = b"".join(web.get("/exports/addresses.csv").streaming_content)
    html = upload(web, "addresses", "addresses.csv", file)
    assert "6 unchanged" in text(html)
    assert "there is nothing to import" in html


def test_a_preview_costs_the_same_for_few_rows_and_for_many(web: Client, internet: Network, project: Project) -> None:
    rows = [f"203.0.113.{number},internet,{project.pk}" for number in range(130, 180)]
    counts = []
    for size in (2, 50):
        with CaptureQueriesContext(connection) as context:
            upload(web, "addresses", "a.csv", "\n".join(["ip,network,project", *rows[:size]]).encode())
        counts.append(len(context))
    assert counts[1] <= counts[0] + 1  # SQLite inserts some dozens of rows at once
    assert IPAddress.objects.count() == 0


@pytest.mark.parametrize("path", ["/imports/", "/exports/addresses.csv"])
def test_strangers_are_sent_to_the_login(client: Client, db: None, path: str) -> None:
    assert client.get(path).url.startswith("/accounts/login/")


@pytest.mark.parametrize("name", [*KINDS, "zones", "inventory"])
def test_everything_is_exported_in_each_of_its_formats(web: Client, cloud: None, name: str) -> None:
    for format, media_type in exports.EXPORTS[name].formats.items():
        answer = web.get(f"/exports/{name}.{format}")
        assert (answer.status_code, answer["Content-Type"]) == (200, f"{media_type}; charset=utf-8")
        assert b"".join(answer.streaming_content)


def test_an_export_is_filtered_as_its_list_is(web: Client, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, count=2)
    answer = web.get("/exports/addresses.xlsx?address_family=ipv6&q=&network=internet&cursor=abc")
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert [row[1].value for row in book.worksheets[0].rows] == ["ip", "2001:db8:0:113::1", "2001:db8:0:113::2"]


@pytest.mark.parametrize("section", ["networks", "addresses", "machines", "projects", "partitions", "vrfs"])
def test_lists_link_to_exports_with_their_filters_but_not_their_order(web: Client, cloud: None, section: str) -> None:
    page = web.get(f"/{section}/?label=&sort=-created").content.decode()
    assert f'href="/exports/{section}.csv?label="' in page
    assert f'href="/imports/?kind={section}"' in page


def test_imports_are_in_the_sidebar(web: Client, db: None) -> None:
    assert 'href="/imports/"' in web.get("/").content.decode()


@pytest.mark.parametrize(
    "path", ["addresses.exe", "secrets.csv", "addresses.csv?famly=ipv6", "zones.zone?domain=a%20b"]
)
def test_an_export_that_does_not_exist_is_explained(web: Client, db: None, path: str) -> None:
    assert web.get(f"/exports/{path}").status_code == 400


# --- moving in --------------------------------------------------------------------------------------
def rows_of(html: str) -> list[str]:
    return [text(row) for row in re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)[1:]]


def test_a_document_of_metal_stack_is_previewed_entry_by_entry_and_then_brought_in(web: Client, db: None) -> None:
    document = b"partitions: [{id: fra}, {id: x}]\nnetworks: [{id: way-out, vrf: 7, prefixes: [192.0.2.0/24]}]"
    html = upload(web, "metal-stack", "all.yaml", document)
    assert "What would become of these entries of metal-stack" in html
    refused, *new = rows_of(html)
    assert refused.startswith("Row partitions[1] partition x refused An id has 2 to 128 letters")
    assert new == ["Row partitions[0] partition fra new", "Row networks[0] network way-out new"]
    web.post("/imports/apply/", packed(html) | {"skip": "1"})
    assert [one.pk for one in Network.objects.all()] == ["way-out"]


def test_what_hangs_on_a_refused_row_says_so(web: Client, db: None) -> None:
    document = b"partitions: [{id: x}]\nnetworks: [{id: way-out, vrf: 7, partitionid: x, prefixes: [192.0.2.0/24]}]"
    _, network = rows_of(upload(web, "metal-stack", "all.yaml", document))
    assert network == "Row networks[0] network way-out refused Partition “x” was refused (partitions[0]). not_found"


def test_drift_of_metal_stack_is_told_beside_the_rows(web: Client, db: None) -> None:
    html = upload(web, "metal-stack", "all.yaml", b"[{id: fra, created: 2024}]")
    assert "Not kept, for it has no place here: “created” of partitions (1)." in text(html)


def test_lists_of_netbox_go_where_the_mapping_says(web: Client, partition: Partition, project: Project) -> None:
    mapping = f"project: {project.pk}\nvrfs: {{blue: 700}}"
    html = upload(web, "netbox", "p.csv", b"prefix,vrf\n203.0.113.0/24,blue\n198.51.100.0/24,red\n", mapping)
    refused, *new = rows_of(html)
    assert refused.startswith("Row p.csv[3] — refused the mapping says no VNI for VRF “red”.")
    assert new == ["Row p.csv[2] vrf 700 new", "Row p.csv[2] network netbox-203-0-113-0-24 new"]
    web.post("/imports/apply/", packed(html) | {"skip": "1"})
    assert Network.objects.get().vrf_id == 700


def test_a_dump_of_go_ipam_goes_where_the_mapping_says(web: Client, partition: Partition, project: Project) -> None:
    dump = b'[{"Cidr": "10.0.0.0/16"}, {"Cidr": "192.0.2.0/24", "IPs": {"192.0.2.9": true}}]'
    mapping = f"{{project: {project.pk}, partition: mini-lab, vrf: 7, containers: [10.0.0.0/16]}}"
    html = upload(web, "go-ipam", "dump.json", dump, mapping)
    answer = web.post("/imports/apply/", packed(html), follow=True)
    assert "Imported entries of go-ipam: 3 new" in answer.content.decode()
    assert dict(Network.objects.values_list("pk", "type")) == {
        "go-ipam-mini-lab": "super",
        "go-ipam-192-0-2-0-24": "external",
    }


@pytest.mark.parametrize(
    ("kind", "mapping", "why"),
    [
        ("go-ipam", "", "The mapping says no “project”"),
        ("go-ipam", "project: nowhere", "There is no project “nowhere”"),
        ("go-ipam", "{project: PROJECT, vrf: x}", "vrf: “x” is no VNI, 1 to 16,777,215."),
        ("go-ipam", "{project: PROJECT, containers: [ten]}", "containers: “ten” has no prefix length"),
        ("netbox", "sites: {}", "“sites” is no key of a mapping."),
        ("metal-stack", "[", "This is not YAML"),
        ("metal-stack", "pair: perhaps", "pair: “perhaps” is neither true nor false."),
    ],
)
def test_a_mapping_that_means_nothing_is_told_beside_the_form(
    web: Client, project: Project, kind: str, mapping: str, why: str
) -> None:
    html = upload(web, kind, "all.json", b"[]", mapping.replace("PROJECT", str(project.pk)))
    assert (why in html, "<h1>Import a table</h1>" in html) == (True, True)


def test_refused_rows_come_back_as_a_file_that_says_why_and_can_be_mended(web: Client, db: None) -> None:
    html = upload(web, "partitions", "sites.csv", b"id,name\nfra,Frankfurt\nx,=Lab\n")
    answer = web.post("/imports/refused/", packed(html))
    assert answer["Content-Disposition"] == 'attachment; filename="refused-partitions.csv"'
    lines = answer.content.decode().splitlines()
    assert lines[0] == "id,name,refused because"
    assert lines[1].startswith("x,'=Lab,\"An id has 2 to 128")
    assert len(lines) == 2
    assert Partition.objects.count() == 0

    mended = answer.content.replace(b"\nx,", b"\nxx,")
    web.post("/imports/apply/", packed(upload(web, "partitions", "refused-partitions.csv", mended)))
    assert [(one.pk, one.name) for one in Partition.objects.all()] == [("xx", "=Lab")]


@pytest.mark.parametrize("format", ["json", "yaml", "xlsx"])
def test_refused_rows_come_back_in_the_format_of_their_file(web: Client, partition: Partition, format: str) -> None:
    content = io.BytesIO()
    formats.write(["id", "name"], [{"id": "fra", "name": "F"}, {"id": "x", "name": "X"}], format, content)
    answer = web.post("/imports/refused/", packed(upload(web, "partitions", f"a.{format}", content.getvalue())))
    (row,) = [row for _, row in formats.read(io.BytesIO(answer.content), format)]
    assert (row["id"], row["name"], "An id has 2 to 128" in row["refused because"]) == ("x", "X", True)


def test_line_that_is_no_row_comes_back_with_its_reason(web: Client, db: None) -> None:
    html = upload(web, "partitions", "sites.csv", b"id,name\nfra,Frankfurt,more\n")
    lines = web.post("/imports/refused/", packed(html)).content.decode().splitlines()
    assert lines[1] == 'fra,Frankfurt,"Line 2 has 3 cells, the first line names 2 columns."'


def test_examples_can_be_downloaded_and_imported_one_after_another(web: Client, db: None) -> None:
    for kind in EXAMPLES:
        content = web.get(f"/imports/example/{kind}.csv").content
        html = upload(web, kind, f"{kind}.csv", content)
        assert f"{len(EXAMPLES[kind])} new" in text(html), text(html)
        web.post("/imports/apply/", packed(html) | {"apply": "1"})


def test_page_shows_the_columns_of_the_kind_and_a_mapping_only_where_one_is_needed(web: Client, db: None) -> None:
    table, move = (web.get(f"/imports/?kind={kind}") for kind in ("addresses", "netbox"))
    assert ("The columns of addresses" in table.content.decode(), "mapping" in table.context["form"].fields) == (
        True,
        False,
    )
    assert ("What comes from NetBox" in move.content.decode(), "mapping" in move.context["form"].fields) == (True, True)


def test_rows_may_call_their_project_by_its_name(web: Client, internet: Network, project: Project) -> None:
    rows = b"ip,network,project\n203.0.113.140,internet,alice\n203.0.113.141,internet,nobody\n"
    html = upload(web, "addresses", "a.csv", rows)
    assert ("1 new 1 refused" in text(html), "There is no project “nobody”" in html) == (True, True)
    web.post("/imports/apply/", packed(html) | {"skip": "1"})
    assert [one.project for one in IPAddress.objects.all()] == [project]


def test_name_that_several_projects_have_is_refused_with_what_means_each(
    web: Client, internet: Network, project: Project
) -> None:
    other = Project.objects.create(name="alice", tenant="other")
    html = upload(web, "addresses", "a.csv", b"ip,network,project\n203.0.113.140,internet,alice\n")
    assert "alice · other" in text(html)
    rows = "ip,network,project\n203.0.113.140,internet,alice · other\n".encode()
    web.post("/imports/apply/", packed(upload(web, "addresses", "a.csv", rows)))
    assert [one.project for one in IPAddress.objects.all()] == [other]


def test_addresses_may_call_their_network_by_its_name_if_only_one_has_it(
    web: Client, internet: Network, project: Project
) -> None:
    Network.objects.update(name="The internet")
    rows = b"ip,network,project\n203.0.113.140,The internet,alice\n"
    html = upload(web, "addresses", "a.csv", rows)
    assert "1 new" in text(html)
    web.post("/imports/apply/", packed(html))
    assert [one.network for one in IPAddress.objects.all()] == [internet]

    networks.create(
        external(id="other", vrf=7, name="The internet", prefixes=cidrs("198.51.100.0/24", "2001:db8:77::/64"))
    )
    told = text(upload(web, "addresses", "a.csv", rows))
    assert "Several networks are called “The internet”: internet, other. Say which one you mean." in told
    Network.objects.filter(pk="internet").update(project=project)
    assert "1 new" in text(upload(web, "addresses", "a.csv", rows.replace(b".140", b".141")))
