"""Whatever stands in an address: an answer in words, never a failure of the server."""

import pytest
from django.test import Client

from ipam.models import Network, Webhook

NUL, LONG = "a%00b", "x" * 3000


@pytest.mark.parametrize("value", [NUL, LONG, "%F0%9F%98%80", "%27%3B--"])
@pytest.mark.parametrize(
    "url",
    [
        "/activity/?actor={}",
        "/activity/?object_id={}",
        "/activity/?cursor={}",
        "/addresses/?q={}",
        "/addresses/?network={}",
        "/addresses/?label={}",
        "/addresses/?sort={}",
        "/addresses/?cursor={}",
        "/alerts/?state={}",
        "/alerts/?cursor={}",
        "/alert-rules/?cursor={}",
        "/findings/?severity={}",
        "/machines/?q={}",
        "/machines/allocate/?project={}&partition={}&role=machine",
        "/machines/{}/",
        "/networks/?q={}",
        "/networks/?open={}",
        "/networks/{}/",
        "/networks/new/?type={}",
        "/networks/tenants/?cursor={}",
        "/networks/tenants/map/?ipv4={}",
        "/partitions/{}/",
        "/projects/?q={}",
        "/projects/{}/",
        "/search/?q={}",
        "/vrfs/?q={}",
        "/vrfs/{}/",
        "/webhooks/?cursor={}",
        "/webhooks/?sort={}",
        "/webhooks/{}/",
        "/webhooks/{}/edit/",
        "/webhooks/1/?state={}",
        "/webhooks/1/?cursor={}",
    ],
)
def test_hostile_text_is_answered_in_words(url: str, value: str, web: Client, tenants: Network) -> None:
    Webhook.objects.create(pk=1, url="https://1.1.1.1/", secret="sealed")
    answer = web.get(url.replace("{}", value))
    assert answer.status_code in (200, 400, 404)
