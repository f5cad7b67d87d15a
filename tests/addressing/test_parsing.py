"""Text becomes an address or block once, here; what reads differently in other tools is refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from netaddr import IPAddress, IPNetwork

from ipam.addressing import Family, is_canonical, shorten
from ipam.values import parse_address, parse_cidr

ADDRESSES = st.one_of(
    st.integers(0, 2**32 - 1).map(lambda value: IPAddress(value, 4)),
    st.integers(0, 2**128 - 1).map(lambda value: IPAddress(value, 6)),
).filter(lambda address: not address.is_ipv4_mapped())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10",
        "10.1",
        "10.0.0",
        "10.0.0.1.2",
        "010.0.0.1",
        "10.0.0.08",
        "0x0a.0.0.1",
        "10.0.0.256",
        "10.0.0.-1",
        "10.0.0.1 ",
        " 10.0.0.1",
        "10.0.0.1\n",
        "10.0.0.1\0",
        "10.0.0.1/32",
        "١٠.0.0.1",
        "1０.0.0.1",
        "167772161",
        "fe80::1%eth0",
        "2001:db8:::1",
        "2001:db8::1::2",
        "2001:db8::12345",
        "[2001:db8::1]",
        "::ffff:10.0.0.1",
        "::ffff:a00:1",
        "localhost",
    ],
)
def test_address_in_a_doubtful_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_address(text)


def test_refusal_of_a_mapped_address_names_the_ipv4_address_to_write() -> None:
    with pytest.raises(ValueError, match=r"write 10\.0\.0\.1 instead"):
        parse_address("::ffff:10.0.0.1")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("2001:0db8::0001", "2001:db8::1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("0:0:0:0:0:0:0:0", "::"),
    ],
)
def test_ipv6_is_written_as_rfc_5952_says(text: str, canonical: str) -> None:
    assert str(parse_address(text)) == canonical


@given(ADDRESSES)
def test_what_is_written_reads_back_as_the_same_address(address: IPAddress) -> None:
    assert parse_address(str(address)) == address


@given(ADDRESSES.filter(lambda address: address.version == 6))
def test_every_spelling_of_an_ipv6_address_reads_as_one(address: IPAddress) -> None:
    spelled_out = ":".join(f"{(address.value >> shift) & 0xFFFF:04X}" for shift in range(112, -1, -16))
    assert parse_address(spelled_out) == address


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.0",
        "10.0.0.0/",
        "/24",
        "10.0.0.0/33",
        "2001:db8::/129",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/08",
        "10.0.0.0/8 ",
        "10.0.0.0 /8",
        "10.0.0.0/٨",
        "10.0.0.0/255.0.0.0",
        "10.0.0.0/8/8",
        "10/8",
        "10.0/16",
        "::ffff:10.0.0.0/104",
        "fe80::%eth0/64",
        "default",
    ],
)
def test_cidr_in_a_doubtful_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_cidr(text)


@pytest.mark.parametrize("text", ["0.0.0.0/0", "::/0", "10.0.0.1/32", "2001:db8::1/128", "10.0.0.0/31"])
def test_every_length_of_a_family_is_a_cidr(text: str) -> None:
    assert str(parse_cidr(text)) == text


def test_host_bits_are_kept_so_that_a_rule_can_name_the_corrected_prefix() -> None:
    cidr = parse_cidr("10.0.0.7/24")
    assert (str(cidr), str(cidr.cidr), is_canonical(cidr)) == ("10.0.0.7/24", "10.0.0.0/24", False)


@given(ADDRESSES, st.integers(0, 128))
def test_cidr_reads_back_as_it_is_written(address: IPAddress, length: int) -> None:
    cidr = IPNetwork(f"{address}/{min(length, Family.of(address).bits)}")
    assert str(parse_cidr(str(cidr))) == str(cidr)


def test_refused_text_is_cut_short_and_made_visible() -> None:
    assert shorten("a" * 100) == "a" * 60 + "…"
    assert shorten("a\x1b[2J") == "a\N{REPLACEMENT CHARACTER}[2J"


def test_family_is_named_by_its_key_only() -> None:
    assert [Family.from_key("ipv4"), Family.from_key("ipv6")] == [Family.IPV4, Family.IPV6]
    with pytest.raises(ValueError, match="use ipv4 or ipv6"):
        Family.from_key("IPv4")


# --- what to write instead --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "instead"),
    [
        (" 10.0.0.1", "“ 10.0.0.1” has blanks in it; write 10.0.0.1 instead."),
        ("010.0.0.1", "“010.0.0.1” has leading zeros, which some tools read as octal; write 10.0.0.1 instead."),
        ("10.1", "“10.1” leaves numbers out, which tools fill in different ways; write 10.0.0.1 instead."),
        ("10.0.0.1/24", "“10.0.0.1/24” has a prefix length; write 10.0.0.1 instead."),
        ("10.0.0.1/255.255.255.0", "“10.0.0.1/255.255.255.0” has a prefix length; write 10.0.0.1 instead."),
        ("2001:db8::1%eth0", "“2001:db8::1%eth0” names an interface; write 2001:db8::1 instead."),
        ("[2001:db8::1]:443", "“[2001:db8::1]:443” has brackets; write 2001:db8::1 instead."),
        ("::ffff:a00:1", "“::ffff:a00:1” is an IPv4-mapped IPv6 address; write 10.0.0.1 instead."),
        ("10.0.0.1-10.0.0.5", "“10.0.0.1-10.0.0.5” is a range; write its addresses one by one, such as 10.0.0.1."),
        ("010.1/8", "“010.1/8” has a prefix length and has leading zeros, which some tools read as octal and leaves "
         "numbers out, which tools fill in different ways; write 10.0.0.1 instead."),
        ("10.0.0.256", "“10.0.0.256” is not an IPv4 or IPv6 address."),
        ("10", "“10” is not an IPv4 or IPv6 address."),
    ],
)  # fmt: skip
def test_refused_address_comes_with_the_form_to_write(text: str, instead: str) -> None:
    with pytest.raises(ValueError) as refusal:
        parse_address(text)
    assert str(refusal.value) == instead


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("10.0.0.0/255.255.255.0", "has a mask; write 10.0.0.0/24 instead."),
        ("10.0.0.0/0.0.0.255", "has a mask; write 10.0.0.0/24 instead."),
        ("2001:db8::/ffff:ffff::", "has a mask; write 2001:db8::/32 instead."),
        ("010.0.0.0/8", "has leading zeros, which some tools read as octal; write 10.0.0.0/8 instead."),
        ("10.0.0.0/08", "has a length that is written oddly; write 10.0.0.0/8 instead."),
        ("10/8", "leaves numbers out, which tools fill in different ways; write 10.0.0.0/8 instead."),
        ("10.1/16", "leaves numbers out, which tools fill in different ways; write 10.1.0.0/16 instead."),
        (" 10.0.0.0 / 8", "has blanks in it; write 10.0.0.0/8 instead."),
        ("2001:db8::%eth0/64", "names an interface; write 2001:db8::/64 instead."),
        ("[2001:db8::]/64", "has brackets; write 2001:db8::/64 instead."),
        ("::ffff:10.0.0.0/104", "is an IPv4-mapped IPv6 address; write 10.0.0.0/8 instead."),
        ("10.0.0.1", "has no prefix length; write it as address/length: 10.0.0.1/32 for this address alone."),
        ("10.0.0.0-10.0.0.255", "is a range; write 10.0.0.0/24 instead."),
        ("10.0.0.4 – 12", "is a range; write 10.0.0.4/30 10.0.0.8/30 10.0.0.12/32 instead."),
        ("2001:db8::-2001:db8::ffff", "is a range; write 2001:db8::/112 instead."),
        ("::1-2001:db8::", None),
        ("10.0.0.0/255.0.255.0", "has no valid prefix length; IPv4 takes /0 to /32."),
        ("10.0.0.0/33", "has no valid prefix length; IPv4 takes /0 to /32."),
        ("default", "has no prefix length; write it as address/length, such as 10.0.0.0/22."),
    ],
)
def test_refused_cidr_comes_with_the_form_to_write(text: str, instead: str | None) -> None:
    with pytest.raises(ValueError) as refusal:
        parse_cidr(text)
    if instead is None:
        assert str(refusal.value).endswith("and 118 more instead.")
    else:
        assert str(refusal.value) == f"“{text}” {instead}"


DOUBTFUL = st.text("0123456789abcdef.:/%-[] +", max_size=40)


@given(st.one_of(DOUBTFUL, st.text(max_size=20)))
def test_whatever_is_to_be_written_instead_is_taken(text: str) -> None:
    for parse in (parse_address, parse_cidr):
        try:
            parse(text)
        except ValueError as refusal:
            if instead := re.search(r"write (.*?)(?: and [0-9,]+ more)? instead\.$", str(refusal)):
                assert [parse(part) for part in instead[1].split()]


def test_long_text_is_refused_without_a_look_for_what_is_meant() -> None:
    with pytest.raises(ValueError, match="is not an IPv4 or IPv6 address"):
        parse_address("10.1" + " " * 1_000_000)


def test_address_of_value_zero_with_a_length_is_told_without() -> None:
    with pytest.raises(ValueError, match=r"has a prefix length; write 0\.0\.0\.0 instead"):
        parse_address("0.0.0.0/0")


@pytest.mark.parametrize("text", ["/", "/24"])
def test_cidr_without_an_address_is_told_whole(text: str) -> None:
    with pytest.raises(ValueError, match=f"“{text}” has no address; write it as address/length"):
        parse_cidr(text)
