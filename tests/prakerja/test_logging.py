"""What stands in a log line, and what never does."""

import io
import json
import logging
import logging.config
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import structlog
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st

from prakerja.operations.logs import logging_settings
from prakerja.operations.redaction import MASK, redact, redacted
from records.services.jobs import request_job, run_job
from tests.factories.people import make_wave
from tests.factories.registered import make_registration
from tests.factories.staff import make_user

NIK = "3374990101017654"
digits = st.text("0123456789", min_size=1)
around = st.text(st.characters(exclude_categories=["Nd", "Cs"]), max_size=20)


@given(around, st.text("0123456789", min_size=16, max_size=16), st.sampled_from(["", " ", ".", "-"]), around)
@example("NIK=", NIK, "", "")
@example("(", NIK, " ", ")")
@example("_", NIK, "", "_")
def test_sixteen_digits_in_any_grouping_are_masked(before: str, number: str, gap: str, after: str) -> None:
    written = gap.join(number[at : at + 4] for at in range(0, 16, 4))
    assert written not in redacted(f"{before}{written}{after}")


@given(
    around,
    st.sampled_from(["08", "+628", "628", "0 8", "+62 8"]),
    st.text("0123456789", min_size=8, max_size=11),
    around,
)
def test_mobile_numbers_are_masked(before: str, prefix: str, rest: str, after: str) -> None:
    assert prefix + rest not in redacted(f"{before} {prefix}{rest} {after}")


@given(st.from_regex(r"[a-z0-9][a-z0-9.+_-]{0,20}@[a-z0-9-]{1,20}(\.[a-z]{2,5}){1,2}", fullmatch=True))
def test_mail_addresses_are_masked(address: str) -> None:
    assert address not in redacted(f"no mailbox <{address}> here")


@given(st.text())
def test_redacting_twice_is_redacting_once(text: str) -> None:
    assert redacted(redacted(text)) == redacted(text)


@given(st.text("abcdefghijklmnop .,\n", max_size=60))
def test_ordinary_words_stay(text: str) -> None:
    assert redacted(text) == text


@given(st.uuids())
def test_ids_of_rows_stay(row: UUID) -> None:
    assert redacted(f"registration {row} moved") == f"registration {row} moved"
    assert redact({"job_id": str(row)}) == {"job_id": str(row)}
    assert re.fullmatch(r"\d+", row.hex) or redacted(f"sent as {row.hex}") == f"sent as {row.hex}"


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("GET /kantor/cari/?q=Sri%20Wahyuni&page=2 HTTP/1.1", "Sri"),
        ("connect to redis://:s3cr3tword@127.0.0.1:6379/0 failed", "s3cr3tword"),
        ("Authorization: Bearer eyJhbGciOi", "eyJhbGciOi"),
        ("headers: {'Cookie': 'sessionid=abcdefgh; csrftoken=ijkl'}", "abcdefgh"),
        ("password='buka pintu'", "buka"),
        ("Kode Anda: 123456 berlaku 5 menit", "123456"),
        ("your code is K7Q2-9XWM", "K7Q2"),
        ("Not Found: /undangan/Zm9vYmFyYmF6cXV4MTIzNDU2/", "Zm9vYmFy"),
        ("Unprocessable Entity: /masuk/tautan/kBqXsRtYvLmNwPzAcDeFgHiJoKuTyWeR/", "kBqXsRtY"),
        ("/tautan/eyJpZCI6MX0:1tGabc:q2h1y2tob3jyaxnxyxniz-xjlmtiznd/", "q2h1y2t"),
        ("duplicate key\nDETAIL:  Key (email)=(sri@contoh.id) already exists.\n", "sri"),
        ("null value\nDETAIL:  Failing row contains (1, Sri Wahyuni,\nJalan Mawar 1).", "Jalan"),
        ('COPY failed\nCONTEXT:  COPY people, line 3, column name: "Sri Wahyuni"', "Sri"),
    ],
)
def test_what_opens_something_or_quotes_a_row_is_masked(line: str, secret: str) -> None:
    assert secret in line and secret not in redacted(line) and MASK in redacted(line)


def test_a_traceback_goes_on_after_a_masked_row() -> None:
    text = "IntegrityError\nDETAIL:  Failing row contains (Sri).\n\nThe above exception was the direct cause\n  File x"
    assert redacted(text).endswith("The above exception was the direct cause\n  File x")


def test_values_are_masked_by_their_name_and_by_their_look() -> None:
    masked = redact(
        {"nik": "x", "new_password": 1, "n": int(NIK), "list": [{"a": f"NIK {NIK}"}], "ok": 12, "raw": b"ab"}
    )
    assert masked == {
        "nik": MASK,
        "new_password": MASK,
        "n": MASK,
        "list": [{"a": f"NIK {MASK}"}],
        "ok": 12,
        "raw": "<2 bytes>",
    }


class Lines(io.StringIO):
    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def lines(settings: Any) -> Iterator[Lines]:
    """What production writes."""
    written = Lines()
    written_by = logging_settings(as_json=True)
    written_by["handlers"]["console"]["stream"] = written
    logging.config.dictConfig(written_by)
    structlog.contextvars.clear_contextvars()
    yield written
    logging.config.dictConfig(settings.LOGGING)
    structlog.contextvars.clear_contextvars()


@pytest.mark.parametrize("name", ["django.request", "celery.worker", "gunicorn.access", "gunicorn.error", "of.anybody"])
def test_every_logger_goes_through_the_net(lines: Lines, name: str) -> None:
    logging.getLogger(name).error("failed for %s", NIK, extra={"nik": NIK})
    try:
        raise ValueError(f"bad {NIK}")
    except ValueError:
        logging.getLogger(name).exception("again")
    structlog.get_logger(name).error("third", person=NIK)
    assert len(lines.all()) == 3 and NIK not in lines.getvalue()
    assert "ValueError: bad ***" in lines.all()[1]["exception"]


@pytest.mark.django_db
def test_a_row_that_the_database_quotes_is_masked(lines: Lines) -> None:
    user = make_user(name="Kenari Rahasia")
    try:
        with transaction.atomic():
            type(user).objects.filter(pk=user.pk).update(email=None)
    except IntegrityError:
        logging.getLogger("django.request").exception("refused")
    assert "accounts_user_reachable" in lines.getvalue() and "Kenari" not in lines.getvalue()


@pytest.mark.django_db
def test_a_request_leaves_one_line_with_its_id_and_route(lines: Lines, client: Client) -> None:
    make_registration(make_wave())
    answer = client.get("/status/?q=Sri", headers={"x-request-id": "proxy-0123456789abcdef"})
    (line,) = [line for line in lines.all() if line["event"] == "request"]
    assert answer["X-Request-ID"] == line["request_id"] == "proxy-0123456789abcdef"
    assert (line["method"], line["route"], line["status"], line["level"]) == ("GET", "status/", 200, "info")
    assert "Sri" not in lines.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["", "short", "a b c d e f g h", 'x"\nEVIL: 1', "x" * 65, NIK])
def test_an_ill_formed_request_id_is_replaced(client: Client, given: str) -> None:
    made = client.get("/health/", headers={"x-request-id": given})["X-Request-ID"]
    assert made != given and UUID(made)


@pytest.mark.django_db
def test_a_line_inside_a_request_names_who_asks_and_the_next_request_does_not(lines: Lines, as_role: Any) -> None:
    client = as_role("planner")
    client.get("/tidak-ada/")
    client.get("/provinsi/")
    Client().get("/masuk/")
    users = [line.get("user_id") for line in lines.all() if line["event"] == "request"]
    assert users[0] is None and users[2] is None and UUID(users[1])


@pytest.mark.django_db(transaction=True)
def test_a_job_names_itself_in_its_lines(lines: Lines) -> None:
    job = request_job(task="uji", key=str(uuid4()), payload={})

    def effect(_payload: Any) -> dict[str, Any]:
        logging.getLogger("of.anybody").warning("half way")
        return {}

    run_job(job_id=job.pk, effect=effect)
    logging.getLogger("of.anybody").warning("afterwards")
    inside, told, outside = lines.all()
    for line in (inside, told):
        assert (line["job_id"], line["attempt"]) == (str(job.pk), 1)
    assert (told["event"], told["task"], told["state"]) == ("job", "uji", "done")
    assert "job_id" not in outside
