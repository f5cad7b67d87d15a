"""What an import makes many at a time is what the operations make one by one: rows, outcomes, history, free space."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from ipam.domain.core.operations import dry_run
from ipam.domain.files import importing
from ipam.domain.files.columns import Kind
from ipam.domain.files.kinds import MACHINES, NETWORKS, PROJECTS
from ipam.domain.files.outcomes import Existing, ParsedRow
from ipam.domain.files.summaries import Summary
from ipam.domain.health import doctor
from ipam.domain.networks import networks, partitions, projects, vrfs
from ipam.domain.space import number_pools
from ipam.models import (
    VRF,
    Event,
    FreeBlock,
    Machine,
    MachineNetwork,
    Mention,
    Network,
    NumberRange,
    Prefix,
    Project,
    Tenure,
)
from ipam.models.guards import ID_ONCE
from tests.builders import IPV4, cidrs, external, namespaced, super_network, underlay_network
from tests.shared import shared_fixture

OURS, THEIRS, NOBODYS = UUID(int=1), UUID(int=2), UUID(int=3)
Values = dict[str, Any]

# What supers have to give, with parts of one another, of others and of nobody.
BLOCKS = {
    "plain": ["10.0.0.0/24", "10.0.1.0/24", "10.0.0.0/23", "10.0.0.128/25", "10.0.0.0/16", "10.0.2.1/24"],
    "named": ["10.1.0.0/24", "10.1.1.0/24", "10.1.1.0/26"],
    "owned": ["10.2.0.0/24", "10.2.0.0/25", "10.2.1.0/24"],
    "copied": ["100.64.0.0/26", "100.64.0.64/26", "100.64.0.0/27"],
}
IPV6_BLOCKS = {"plain": ["2001:db8:0:10::/96"], "copied": ["2001:db8:64::/64", "2001:db8:64:1::/64"]}


class Rows:
    """Rows of projects, networks and machines, made together or not."""

    def __init__(self, *sections: tuple[Kind, Iterable[Values]], existing: Existing, together: bool = True) -> None:
        self._sections, self._existing, self._together = sections, existing, together

    def sections(self) -> Iterable[tuple[Kind | None, Iterable[ParsedRow]]]:
        places = count(1)
        for kind, rows in self._sections:
            chosen = kind if self._together else replace(kind, together=lambda rows, known: None)
            yield chosen, [ParsedRow(next(places), values, existing=self._existing) for values in rows]

    def not_kept(self) -> Iterable[str]:
        return ()


@shared_fixture
def site() -> None:
    """A site with a network of each type, and two projects, one of which has a super network of its own."""
    fra = partitions.create(id="fra")
    ours, _ = projects.create(id=OURS, name="ours"), projects.create(id=THEIRS, name="theirs")
    lengths = {"default_child_prefix_length": {IPV4: 25}, "min_child_prefix_length": {IPV4: 24}}
    networks.create(super_network(id="plain", partition=fra))
    networks.create(super_network(id="named", vrf=70, prefixes=cidrs("10.1.0.0/16"), **lengths))
    networks.create(super_network(id="owned", project=ours, prefixes=cidrs("10.2.0.0/16"), **lengths))
    networks.create(namespaced(id="copied"))
    networks.create(external(partition=fra))
    networks.create(underlay_network(partition=fra, prefixes=cidrs("172.16.0.0/24")))


def network(**changes: Any) -> Values:
    fields = {"id": "home", "type": "child", "parent": "plain", "project": OURS, "prefixes": cidrs("10.0.0.0/24")}
    return {**fields, **changes}


def machine(**changes: Any) -> Values:
    fields = {"id": "m1", "project": OURS, "partition": "fra", "role": "machine", "networks": ["home"]}
    return {**fields, **changes}


@st.composite
def children(draw: st.DrawFn) -> Values:
    """A child that mostly keeps to the rules by itself, and now and then is in another's way."""
    parent = draw(st.sampled_from([*BLOCKS] * 4 + ["internet", "nowhere"]))
    blocks = draw(st.lists(st.sampled_from(BLOCKS.get(parent, ["10.0.0.0/24"])), min_size=1, max_size=2))
    blocks += draw(st.lists(st.sampled_from(IPV6_BLOCKS.get(parent, ["fd00::/64"])), max_size=1))
    return network(
        id=draw(st.sampled_from(["one", "two", "three", "four", "five", "ONE", "new", "-"])),
        type=draw(st.sampled_from(["child"] * 4 + ["child-shared"])),
        name=draw(st.sampled_from(["", "home"])),
        parent=parent,
        project=draw(st.sampled_from([OURS] * 5 + [THEIRS] * 3 + [NOBODYS, None])),
        prefixes=cidrs(*blocks),
        vrf=draw(st.sampled_from([None] * 4 + [1, 2, 70, 131_073, 99_999_999])),
        vrf_shared=draw(st.booleans()),
        stack=draw(st.sampled_from(["", "", "dual", "ipv4"])),
        labels=draw(st.sampled_from([{}, {"a": "b"}, {"-": "-"}])),
        destination_prefixes=cidrs(*draw(st.sampled_from([[], [], ["10.0.0.0/8"], ["::/0"]]))),
        **draw(st.sampled_from([{}, {}, {"partition": "fra"}, {"namespace": OURS}])),
    )


@st.composite
def hosts(draw: st.DrawFn) -> Values:
    joined = st.sampled_from(["one", "two", "three", "four", "five", "internet", "internet", "plain", "nowhere"])
    return machine(
        id=draw(st.sampled_from(["m1", "m2", "m3", "M1", "allocate"])),
        name=draw(st.sampled_from(["", "web"])),
        project=draw(st.sampled_from([OURS] * 4 + [THEIRS, NOBODYS])),
        partition=draw(st.sampled_from(["fra"] * 4 + ["nowhere"])),
        role=draw(st.sampled_from(["machine", "firewall"])),
        networks=draw(st.lists(joined, max_size=3)),
        asn=draw(st.sampled_from([None, None, 1, 0, 4_210_000_001, 4_210_000_002, 2**40])),
        labels=draw(st.sampled_from([{}, {"a": "b"}])),
    )


owners = st.fixed_dictionaries(
    {"id": st.sampled_from([OURS, NOBODYS, UUID(int=4)]), "name": st.sampled_from(["ours", "new"])}
)


@given(st.lists(owners, max_size=3), st.lists(children(), max_size=14), st.lists(hosts(), max_size=7), st.booleans())
def test_rows_made_together_are_those_made_one_by_one(
    site: None, owned: Sequence[Values], carved: Sequence[Values], allocated: Sequence[Values], compares: bool
) -> None:
    existing = Existing.COMPARE if compares else Existing.CHANGE
    sections = (PROJECTS, owned), (NETWORKS, carved), (MACHINES, allocated)
    told = [imported(Rows(*sections, existing=existing, together=together)) for together in (True, False)]
    assert told[0] == told[1]


def imported(source: Rows) -> tuple[Any, ...]:
    """What became of rows, and all that is stored then, but for keys that the database makes, and times."""
    with dry_run():
        summary = importing.apply(source, skip_refused=True)
        return outcomes(summary), stored(), free(), history()


def outcomes(summary: Summary) -> list[Any]:
    told = [
        (one.place, one.kind, one.key, one.state, one.changes, [(type(why), why.detail) for why in one.reasons])
        for one in sorted(summary.shown(1_000), key=lambda one: one.place)
    ]
    return [*told, *(error.detail for error in summary.refusals())]


def stored() -> list[Any]:
    found = [[without(row, "created_at", "updated_at") for row in model.objects.order_by("pk").values()]
             for model in (Project, VRF, Network, Machine)]  # fmt: skip
    prefixes = Prefix.objects.order_by("pk").values_list("network", "parent__first", "namespace", "first", "last")
    return [
        *found,
        [*prefixes],
        [*MachineNetwork.objects.order_by("machine", "position").values_list("machine", "network")],
    ]


def free() -> list[Any]:
    columns = "network", "prefix__first", "namespace", "family", "first", "length"
    numbers = {
        pool: {number for one in NumberRange.objects.filter(pool=pool) for number in range(one.first, one.last + 1)}
        for pool in NumberRange.Pool
    }
    return [sorted(map(str, FreeBlock.objects.values_list(*columns))), numbers]


def history() -> list[Any]:
    events = [without(row, "id", "at", "part_of_id", "request_id") for row in Event.objects.order_by("pk").values()]
    tenures = Tenure.objects.order_by("address", "length", "namespace_id", "pk").values()
    mentions = Mention.objects.values_list("event__kind", "event__object_id", "network_id", "address")
    held = [without(row, "id", "since", "until", "begun_by", "ended_by") for row in tenures]
    return [events, held, sorted(map(str, mentions))]


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def many(number: int, *, draws: bool = True) -> Rows:
    """So many projects, children and machines, of which every second draws its VRF or ASN."""
    places = range(number)
    blocks = [f"10.0.{place // 4}.{place % 4 * 64}/26" for place in places]
    owned = [{"id": UUID(int=100 + place), "name": f"p{place}"} for place in places]
    carved = [
        network(
            id=f"c-{place}",
            parent="plain" if place % 3 else "copied",
            project=UUID(int=100 + place),
            prefixes=cidrs(blocks[place] if place % 3 else "100.64.0.0/26"),
            vrf=None if draws and place % 2 else 1_000 + place,
        )
        for place in places
    ]
    allocated = [
        machine(
            id=f"m-{place}",
            project=UUID(int=100 + place),
            networks=[f"c-{place}"],
            asn=None if draws and place % 2 else place + 1,
        )
        for place in places
    ]
    return Rows((PROJECTS, owned), (NETWORKS, carved), (MACHINES, allocated), existing=Existing.COMPARE)


def statements(source: Rows) -> list[str]:
    """But those that store rows, of which SQLite takes some dozens at once."""
    with dry_run(), CaptureQueriesContext(connection) as captured:
        assert not importing.apply(source).refused
    return [one["sql"] for one in captured if not one["sql"].startswith(("INSERT", "COPY"))]


def test_a_batch_costs_as_many_statements_for_few_rows_as_for_many(site: None) -> None:
    assert len(statements(many(150))) == len(statements(many(20)))


def test_rows_of_what_is_there_cost_as_many_statements_for_few_as_for_many(site: None) -> None:
    importing.apply(many(150, draws=False))
    assert len(statements(many(150, draws=False))) == len(statements(many(20, draws=False)))


@pytest.mark.parametrize("together", [True, False])
def test_a_row_that_changes_what_others_stand_on_is_seen_by_those_after_it(site: None, together: bool) -> None:
    rows = [
        network(id="refused", parent=None),
        {"id": "named", "min_child_prefix_length": {IPV4: 25}},
        network(id="large", parent="named", prefixes=cidrs("10.1.0.0/24")),
    ]
    summary = importing.apply(Rows((NETWORKS, rows), existing=Existing.CHANGE, together=together), skip_refused=True)
    assert summary.counts == {"changed": 1, "refused": 2}


def test_a_vrf_that_goes_while_a_batch_looks_is_not_made_without_its_number(site: None) -> None:
    networks.create(super_network(id="other", vrf=71, prefixes=cidrs("10.9.0.0/16", "fd00:9::/64")))
    looking = number_pools.Batch.__init__

    def look_and_let_go(*arguments: Any) -> None:
        looking(*arguments)
        networks.delete(Network.objects.get(pk="other"))

    with patch.object(number_pools.Batch, "__init__", look_and_let_go):
        assert vrfs.Batch([71], 0).choose(71, shared=False) is None


def test_what_the_database_refuses_together_is_made_row_by_row(site: None) -> None:
    rows = [network(id="one"), network(id="two", prefixes=cidrs("10.0.1.0/24"))]
    lost: list[str] = []

    def lose_once(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith('INSERT INTO "ipam_network"') and not lost:
            lost.append(sql)
            raise IntegrityError(ID_ONCE)
        return execute(sql, *rest)

    with connection.execute_wrapper(lose_once):
        summary = importing.apply(Rows((NETWORKS, rows), existing=Existing.COMPARE))
    assert (len(lost), summary.counts) == (1, {"new": 2})
    assert list(doctor.examine()) == []
