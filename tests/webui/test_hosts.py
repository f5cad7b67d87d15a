"""The names and addresses by which requests may come."""

import json
import os
import subprocess
import sys

import pytest

from tests.faults.servers import ROOT

_ASK = """
import django, json, sys
django.setup()
from django.test import Client
print(json.dumps([Client().get("/api/v1/healthz/", headers={"Host": host}).status_code for host in sys.argv[1:]]))
"""


@pytest.mark.parametrize("allowed", ["ipam.example.org,fd00::7", "ipam.example.org,[fd00::7]"])
def test_address_of_a_pod_is_allowed_with_and_without_brackets(allowed: str) -> None:
    given = {"ALLOWED_HOSTS": allowed, "DATABASE_URL": "sqlite://:memory:", "LOG_LEVEL": "CRITICAL"}
    environment = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "webui.settings", **given}
    command = [sys.executable, "-c", _ASK, "[fd00::7]:8000", "ipam.example.org", "[fd00::8]:8000"]
    told = subprocess.check_output(command, cwd=ROOT, env=environment, text=True)
    assert json.loads(told) == [200, 200, 400]
