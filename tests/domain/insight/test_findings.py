"""What an operator should look at: for each finding the state that has it, and the one that just has not."""

from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest
from django.utils import timezone

from ipam.addressing import Family
from ipam.domain.insight import findings, loose_ends
from ipam.domain.networks import addresses, machines, networks
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.notify import targets, webhooks
from ipam.domain.space import utilization
from ipam.domain.space.number_pools import Pool
from ipam.models import Finding, IPAddress, Network, NumberRange, Partition, Project, Webhook
from ipam.models.number_ranges import BOUNDS
from tests.builders import IPV4, IPV6, child, cidrs, external, super_network

Said = tuple[str, str, str]


def said(found: Iterable[Finding]) -> list[Said]:
    """(code, severity, sentence) of each finding."""
    return [(one.code, one.get_severity_display(), one.sentence) for one in found]


def of(network: Network) -> list[Said]:
    return said(findings.of_networks([network], utilization.of_networks([network])))


def lan(*prefixes: str) -> Network:
    return networks.create(external(id="lan", prefixes=cidrs(*prefixes), destination_prefixes=()))


# --- a family of a network fills up ---------------------------------------------------------------
HUNDRED = ["192.0.2.0/26", "192.0.2.64/27", "192.0.2.96/29", "192.0.2.104/31"]  # 62 + 30 + 6 + 2 can be taken
MEND = "Add an IPv4 prefix, or release what is unused."


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        (79, []),
        (80, [("family_nearly_full", "warning", f"IPv4 is 80 % taken: 20 addresses left. {MEND}")]),
        (94, [("family_nearly_full", "warning", f"IPv4 is 94 % taken: 6 addresses left. {MEND}")]),
        (95, [("family_nearly_full", "serious", f"IPv4 is 95 % taken: 5 addresses left. {MEND}")]),
        (99, [("family_nearly_full", "serious", f"IPv4 is 99 % taken: 1 address left. {MEND}")]),
        (100, [("family_nearly_full", "serious", f"IPv4 is full: 0 addresses left. {MEND}")]),
    ],
)
def test_family_that_fills_up(taken: int, expected: list[Said], project: Project) -> None:
    network = lan(*HUNDRED)
    addresses.allocate(network, project=project, count=taken)
    assert of(network) == expected


@pytest.mark.parametrize(
    ("is_strict", "taken", "expected"),
    [
        (False, 80, ("family_nearly_full", "warning", f"IPv4 is full: 0 addresses left, 20 more cool. {MEND}")),
        (
            False,
            79,
            (
                "only_cooling_left",
                "warning",
                "IPv4 has nothing free; what cools, 21 addresses, is given early. "
                "Wait, shorten the quarantine, or add an IPv4 prefix.",
            ),
        ),
        (
            True,
            79,
            (
                "only_cooling_left",
                "serious",
                "IPv4 has nothing free; what cools, 21 addresses, is given to nobody yet. "
                "Wait, shorten the quarantine, or add an IPv4 prefix.",
            ),
        ),
    ],
)
def test_family_of_which_only_cooling_space_is_left(
    is_strict: bool, taken: int, expected: Said, project: Project
) -> None:
    network = networks.update(lan(*HUNDRED), quarantine={IPV4: 24}, quarantine_strict=is_strict)
    addresses.release_many(addresses.allocate(network, project=project, count=100)[taken:])
    assert of(network) == [expected]


def test_family_that_is_not_full_yet_never_says_100_percent(project: Project) -> None:
    network = lan("192.0.2.0/24")
    addresses.allocate(network, project=project, count=253)
    assert of(network)[0][2] == f"IPv4 is 99 % taken: 1 address left. {MEND}"


def test_each_family_fills_up_by_itself(project: Project) -> None:
    network = lan("192.0.2.0/24", "2001:db8::/126")
    addresses.allocate(network, project=project, families=[IPV6], count=3)
    (found,) = findings.of_networks([network], utilization.of_networks([network]))
    assert (found.family, found.kind, found.object_id) == (6, "network", "lan")


# --- children that still fit ----------------------------------------------------------------------
def few(room: str) -> list[Said]:
    text = f"Room for {room}; IPv4 runs out first. Add a prefix in time."
    return [("few_children_left", "warning", text)]


NONE_FITS = "No child of the default length fits any more; IPv4 runs out first. Add a prefix, or carve longer ones."


@pytest.mark.parametrize(
    ("carved", "expected"),
    [
        (3, []),  # 5 of 8 fit
        (4, few("4 more children")),
        (7, few("1 more child")),
        (8, [("no_child_fits", "serious", NONE_FITS)]),
    ],
)
def test_super_counts_the_children_that_still_fit(carved: int, expected: list[Said], project: Project) -> None:
    parent = networks.create(super_network(default_child_prefix_length={IPV4: 19, IPV6: 96}))
    for _ in range(carved):
        networks.create(child(parent=parent, project=project))
    assert [one for one in of(parent) if one[0] != "family_nearly_full"] == expected


def test_super_of_one_family_names_no_family_that_runs_out_first(project: Project) -> None:
    parent = networks.create(super_network(prefixes=cidrs("10.0.0.0/24"), default_child_prefix_length={IPV4: 25}))
    assert of(parent)[0][2] == "Room for 2 more children. Add a prefix in time."


def test_network_that_is_no_super_has_no_children_to_miss(project: Project) -> None:
    assert of(lan("192.0.2.0/30")) == []


# --- pairs and halves -----------------------------------------------------------------------------
BOTH = {"internet": {IPV4, IPV6}}


def half(uses: dict[str, set[Family]] = BOTH) -> list[Said]:
    return said(findings.one_family_only(uses))


def test_complete_pair_is_no_finding(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    assert half() == []


def test_halves_of_pairs_are_counted_per_missing_family(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, families=[IPV4], count=2)
    addresses.allocate(internet, project=project, families=[IPV6])
    assert half() == [
        ("one_family_allocations", "warning", "alice: 2 allocations have no IPv6 address. Complete what is missing."),
        ("one_family_allocations", "warning", "alice: 1 allocation has no IPv4 address. Complete what is missing."),
    ]


def test_half_in_a_network_of_one_family_is_whole(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, families=[IPV4])
    assert half({"internet": {IPV4}}) == []


def test_finding_names_the_family_that_is_missing(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, families=[IPV4])
    (found,) = findings.one_family_only(BOTH)
    assert (found.family, found.object_id, found.object_name) == (6, "internet", "")


def test_machine_with_one_family_is_a_finding_of_its_own(
    internet: Network, private: Network, project: Project, partition: Partition
) -> None:
    half_a_machine = [Attachment(network=private, families=[IPV4])]
    machines.allocate(project=project, partition=partition, networks=half_a_machine)
    assert half({private.pk: {IPV4, IPV6}}) == [
        ("one_family_allocations", "warning", "1 allocation has no IPv6 address. Complete what is missing."),
        (
            "one_family_machines",
            "warning",
            "1 machine has no IPv6 address here: who asks for them by IPv6 gets no answer. Complete what is missing.",
        ),
    ]


def test_machine_with_both_families_by_two_allocations_is_no_finding(
    private: Network, project: Project, partition: Partition
) -> None:
    half_a_machine = [Attachment(network=private, families=[IPV4])]
    machine = machines.allocate(project=project, partition=partition, networks=half_a_machine)
    addresses.allocate(private, project=project, families=[IPV6], machine=machine)
    assert {code for code, _, _ in half({private.pk: {IPV4, IPV6}})} == {"one_family_allocations"}


def test_machine_with_both_families_is_no_finding(private: Network, project: Project, partition: Partition) -> None:
    machines.allocate(project=project, partition=partition, networks=[Attachment(network=private)])
    assert half({private.pk: {IPV4, IPV6}}) == []


# --- what may be forgotten ------------------------------------------------------------------------
@pytest.fixture
def aged(internet: Network, project: Project) -> Callable[..., IPAddress]:
    def age(*, days: float, type: str = "static") -> IPAddress:
        """An address that has not changed for so many days."""
        (address,) = addresses.allocate(internet, project=project, families=[IPV4], type=type)
        IPAddress.objects.update(updated_at=timezone.now() - timedelta(days=days))
        address.refresh_from_db()
        return address

    return age


def test_static_address_without_machine_is_unused_after_90_days(aged: Callable[..., IPAddress]) -> None:
    address = aged(days=90.01)
    (found,) = findings.unused_static()
    assert said([found]) == [
        (
            "unused_static",
            "info",
            f"Static, without a machine since {address.updated_at:%Y-%m-%d}. Release it if nothing needs it.",
        )
    ]
    assert (found.kind, found.object_id, found.object_name) == ("address", str(address.pk), "203.0.113.129")


def test_static_address_is_not_unused_before_90_days(aged: Callable[..., IPAddress]) -> None:
    aged(days=89.99)
    assert list(findings.unused_static()) == []


def test_ephemeral_address_is_never_unused(aged: Callable[..., IPAddress]) -> None:
    aged(days=400, type="ephemeral")
    assert list(findings.unused_static()) == []


def test_static_address_of_a_machine_is_used(private: Network, project: Project, partition: Partition) -> None:
    machines.allocate(project=project, partition=partition, networks=[Attachment(network=private)])
    IPAddress.objects.update(type="static", updated_at=timezone.now() - timedelta(days=400))
    assert list(findings.unused_static()) == []


def test_project_without_networks(private: Network, project: Project, stranger: Project) -> None:
    assert [(one.object_id, one.object_name, one.sentence) for one in loose_ends.firewalls_projects_webhooks()] == [
        (
            str(stranger.pk),
            "mallory",
            "The project has no network of its own. Carve one for it, or delete the project.",
        )
    ]


def test_project_with_a_network_is_no_finding(private: Network) -> None:
    assert list(loose_ends.firewalls_projects_webhooks()) == []


# --- webhooks ---------------------------------------------------------------------------------------
def test_webhook_that_fails_for_an_hour_and_one_that_was_switched_off_for_it(
    private: Network, project: Project
) -> None:
    made = [webhooks.create(targets.resolve("https://1.1.1.1/"), name=name, project=project)[0] for name in "abcd"]
    now = timezone.now()
    for one, changed in zip(
        made,
        [
            {"failing_since": now - timedelta(minutes=61)},
            {"failing_since": now - timedelta(minutes=59)},
            {"enabled": False, "disabled_reason": "The receiver answered 410.", "name": ""},
            {"enabled": False},
        ],
        strict=True,
    ):
        Webhook.objects.filter(pk=one.pk).update(**changed)
    found = loose_ends.firewalls_projects_webhooks()
    assert [(one.code, one.object_id, one.object_name, one.project_id) for one in found] == [
        ("webhook_failing", str(made[0].pk), "a", project.pk),
        ("webhook_disabled", str(made[2].pk), "https://1.1.1.1/…", project.pk),
    ]


# --- pools ----------------------------------------------------------------------------------------
def leave(pool: Pool, count: int) -> None:
    """Take all numbers of a pool but the last `count`."""
    last = BOUNDS[pool][1]
    NumberRange.objects.filter(pool=pool).delete()
    if count:
        NumberRange.objects.create(pool=pool, first=last - count + 1, last=last)


TENTH = 13_107  # of 131,072 numbers, rounded down


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (TENTH + 1, []),
        (TENTH, [("pool_nearly_empty", "warning", "13,107 free VRF numbers left. ")]),
        (1, [("pool_nearly_empty", "warning", "1 free VRF number left. ")]),
        (0, [("pool_nearly_empty", "serious", "0 free VRF numbers left. ")]),
    ],
)
def test_pool_of_which_more_than_90_percent_is_taken(left: int, expected: list[Said], db: None) -> None:
    leave(Pool.VRF, left)
    mend = "Release machines or networks that are not needed."
    assert said(loose_ends.firewalls_projects_webhooks()) == [(code, how, text + mend) for code, how, text in expected]


def test_each_pool_is_judged_by_itself(db: None) -> None:
    leave(Pool.ASN, 10)
    assert [(one.object_id, one.object_name) for one in loose_ends.firewalls_projects_webhooks()] == [
        ("asn", "ASN pool")
    ]


def test_cloud_in_good_health_has_no_finding(internet: Network, private: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    every = list(Network.objects.all())
    uses = utilization.of_networks(every)
    families = {key: {use.family for use in of_one} for key, of_one in uses.items()}
    assert [*findings.of_networks(every, uses), *findings.of_the_rest(families)] == []
