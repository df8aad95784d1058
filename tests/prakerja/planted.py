"""Not collected by itself: test_canaries.py runs it to see that each number left behind is found."""

import logging
import os
import tempfile
from typing import Any

import psycopg2
import pytest
import redis
from django.core import mail

from records.fields import BlindIndexField

NIK = "3374993112997931"  # a day of birth that no factory gives
PHONE = "+6281298765012"


@pytest.fixture(autouse=True)
def _somebody() -> None:
    BlindIndexField.of("nik", NIK)
    BlindIndexField.of("phone", PHONE)


def test_nothing() -> None:
    print("3374990101957932")  # noqa: T201


def test_log() -> None:
    logging.getLogger("portal").warning("masuk: %s", PHONE)


def test_output() -> None:
    print(f"0{PHONE[3:]}")  # noqa: T201


def test_grouped() -> None:
    print("3374 9931 1299 7931")  # noqa: T201


def test_redis() -> None:
    redis.Redis.from_url(os.environ["REDIS_URL"]).lpush("antrean", f'{{"nik": "{NIK}"}}')


def test_redis_key() -> None:
    server = redis.Redis.from_url(os.environ["REDIS_URL"])
    server.flushdb()
    server.set(NIK.encode().hex(), "1", ex=60)


def test_mail() -> None:
    redis.Redis.from_url(os.environ["REDIS_URL"]).flushdb()
    mail.send_mail("Tanda terima", f"NIK Anda {NIK[::-1]}", None, ["siti@contoh.example"])


def test_file() -> None:
    with tempfile.NamedTemporaryFile("w", delete=False) as file:
        file.write(NIK)


def test_server_log(settings: Any) -> None:
    name = settings.DATABASES["default"]["NAME"]
    opened = psycopg2.connect(os.environ["DATABASE_URL"].removesuffix(name) + "prakerja")
    opened.cursor().execute(f"DO $$ BEGIN RAISE WARNING '{NIK}'; END $$")
    opened.close()
