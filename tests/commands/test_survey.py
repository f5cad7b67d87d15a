from collections.abc import Callable

from ipam.models import Finding, Network, Project, Series

Run = Callable[..., str]


def test_what_was_found_is_counted(run: Run, internet: Network, project: Project, stranger: Project) -> None:
    assert run("survey") == "Surveyed. 2 findings.\n"
    assert (Finding.objects.count(), Series.objects.count()) == (2, 2)


def test_one_finding_is_one(run: Run, project: Project) -> None:
    assert run("survey") == "Surveyed. 1 finding.\n"


def test_nothing_to_find_is_said(run: Run) -> None:
    assert run("survey") == "Surveyed. 0 findings.\n"
