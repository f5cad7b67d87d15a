"""What people type into forms, as values; and values, as what people see."""

from typing import Any

import pytest
from django import forms

from ipam.forms.fields import AddressesField, CidrField, CidrsField, FamiliesField, LabelsField, LengthsField
from tests.builders import IPV4, IPV6, cidrs, ip


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (CidrField(), " 10.0.0.1/8 ", cidrs("10.0.0.1/8")[0]),
        (CidrsField(), "10.0.0.0/8, 2001:db8::/32\n192.0.2.0/24", cidrs("10.0.0.0/8", "2001:db8::/32", "192.0.2.0/24")),
        (AddressesField(), "10.0.0.1 2001:db8::1", [ip("10.0.0.1"), ip("2001:db8::1")]),
        (LabelsField(), "tier = 1\n\nprod\nurl=a=b", {"tier": "1", "prod": "", "url": "a=b"}),
        (FamiliesField(), "", ()),
        (FamiliesField(), "ipv6", (IPV6,)),
        (FamiliesField(), "dual-stack", (IPV4, IPV6)),
        (LengthsField(), ["22", ""], {IPV4: 22}),
        (LengthsField(), ["0", "96"], {IPV4: 0, IPV6: 96}),
        (LengthsField(), ["", ""], {}),
    ],
)
def test_text_becomes_a_value(field: forms.Field, text: Any, value: object) -> None:
    assert field.clean(text) == value


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (CidrField(), "10.0.0.0"),
        (CidrsField(), "10.0.0.0/8 nonsense"),
        (AddressesField(), "10.0.0.300"),
        (LabelsField(), "=value"),
        (LabelsField(), "tier=1\ntier=2"),
        (LabelsField(), "null\0=1"),
        (FamiliesField(), "ipv5"),
        (LengthsField(), ["33", ""]),
    ],
)
def test_text_that_is_none_is_refused(field: forms.Field, text: Any) -> None:
    with pytest.raises(forms.ValidationError):
        field.clean(text)


@pytest.mark.parametrize(
    ("field", "initial", "text", "changed"),
    [
        (CidrsField(), ["10.0.0.0/8", "::/0"], "10.0.0.0/8\r\n::/0", False),
        (CidrsField(), ["10.0.0.0/8"], "", True),
        (CidrsField(), [], "", False),
        (CidrField(), None, "", False),
        (LabelsField(), {"tier": "1", "prod": ""}, "tier=1\r\nprod", False),
        (LabelsField(), {"tier": "1"}, "tier=2", True),
        (LabelsField(), {"tier": "1"}, "=", True),
        (LengthsField(), {IPV4: 22}, ["22", ""], False),
        (LengthsField(), {IPV4: 22}, ["22", "96"], True),
    ],
)
def test_field_knows_whether_it_was_changed(field: forms.Field, initial: Any, text: Any, changed: bool) -> None:
    assert field.has_changed(initial, text) is changed


@pytest.mark.parametrize(
    ("field", "text", "instead"),
    [
        (CidrsField(), "10.0.0.0 - 10.0.1.255\n2001:db8::/32", "is a range; write 10.0.0.0/23 instead."),
        (CidrField(), "10.0.0.0/255.255.0.0", "has a mask; write 10.0.0.0/16 instead."),
        (AddressesField(), "10.0.0.1/24, 2001:db8::1", "has a prefix length; write 10.0.0.1 instead."),
    ],
)
def test_what_people_paste_comes_back_with_the_form_to_write(field: forms.Field, text: str, instead: str) -> None:
    with pytest.raises(forms.ValidationError) as refusal:
        field.clean(text)
    assert refusal.value.messages[0].endswith(instead)
