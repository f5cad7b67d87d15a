"""JSON that is empty in most rows is read as it was written."""

import pytest

from ipam.models import Network


@pytest.mark.parametrize("value", [[], ["10.0.0.0/8"]])
def test_list_comes_back(value: list[str], internet: Network) -> None:
    Network.objects.update(destination_prefixes=value)
    assert Network.objects.get().destination_prefixes == value


@pytest.mark.parametrize("value", [{}, {"a": ""}, {"a": "{}"}])
def test_labels_come_back(value: dict[str, str], internet: Network) -> None:
    Network.objects.update(labels=value)
    assert Network.objects.get().labels == value


def test_two_rows_share_no_empty_value(internet: Network, tenants: Network) -> None:
    one, other = Network.objects.all()
    one.labels["a"] = "b"
    assert other.labels == {}
