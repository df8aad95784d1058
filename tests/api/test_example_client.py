"""What the documentation shows works, against a server."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from accounts.models import ApiClient
from tests.clusters.quota_data import deliver, figure, make_province
from tests.factories.clients import ApiCaller
from tests.factories.staff import make_staff

PATH = Path(settings.BASE_DIR) / "docs" / "example_client.py"


@pytest.mark.django_db(transaction=True)
def test_the_example_reads_pages_and_bulk(live_server: Any) -> None:
    make_province()
    deliver(*(figure("population", 3301, number, note=str(number)) for number in range(620)))
    caller = ApiCaller()
    spec = importlib.util.spec_from_file_location("example_client", PATH)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    portal = module.Portal(live_server.url, caller.client.client_id, caller.secret)
    rows = list(portal.rows("observations", indicator="population"))
    assert len(rows) == 620
    assert list(portal.all_rows("observations")) == rows
    environment = {"PORTAL": live_server.url, "CLIENT_ID": caller.client.client_id, "CLIENT_SECRET": caller.secret}
    done = subprocess.run(
        [sys.executable, PATH, "observations", "limit=500", "current=true"],
        env=os.environ | environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert [json.loads(line) for line in done.stdout.splitlines()] == rows


@pytest.mark.django_db
def test_a_client_is_made_and_let_to_read_the_nik_by_commands(capsys: pytest.CaptureFixture[str]) -> None:
    operator, planner, approver = (make_staff(role).email for role in ("operator", "planner", "approver"))
    asked = ["create_api_client", "Kementerian Contoh", "Rekap", "--by", operator, "--scope", "registrations:read"]
    call_command(*asked, "--address", "203.0.113.0/24")
    said = dict(line.split() for line in capsys.readouterr().out.splitlines())
    client = ApiClient.objects.get(client_id=said["client_id"])
    assert (client.institution.kind, client.address_ranges) == ("ministry", ["203.0.113.0/24"])
    assert said["client_secret"] not in client.client_secret
    for by, answer in ((planner, "asked for"), (approver, "granted")):
        call_command("grant_api_identity", client.client_id, "--by", by)
        assert answer in capsys.readouterr().out
    for wrong in (
        [*asked, "--scope", "semua"],
        ["create_api_client", "Kantor", "Rekap", "--by", operator, "--scope", "waves:read", "--kind", "office"],
        ["create_api_client", "Kantor", "Rekap", "--by", "siapa@contoh.example", "--scope", "waves:read"],
        ["create_api_client", "Kantor", "Rekap", "--by", make_staff("auditor").email, "--scope", "waves:read"],
        ["grant_api_identity", "tidak-ada", "--by", planner],
    ):
        with pytest.raises(CommandError):
            call_command(*wrong)
    assert ApiClient.objects.count() == 1
