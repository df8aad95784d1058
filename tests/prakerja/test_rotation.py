"""Changing the key of personal data, step by step."""

import json
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import User
from accounts.scope import NOBODY
from accounts.services.factors import verify_factor
from prakerja.embedded.state import create_keys
from prakerja.operations.rotation import values_by_key
from records.fields import keyring
from records.keyring import Keyring
from records.models import Import
from registrations.models import Applicant, Draft, Evidence, EvidencePiece
from registrations.services.evidence import add_evidence, add_piece, begin_upload
from tests.factories.people import make_wave
from tests.factories.pictures import photo
from tests.factories.registered import make_registration
from tests.factories.sign_in import Phone
from tests.factories.staff import make_user
from tests.registrations.journey import drafted

pytestmark = pytest.mark.django_db(transaction=True)

PHONE = "+6281234567890"


@pytest.fixture(autouse=True)
def _fences_fall(transactional_db: None) -> Iterator[None]:
    yield
    with connection.cursor() as cursor:
        cursor.execute(
            r"SELECT conrelid::regclass, conname FROM pg_constraint WHERE conname ~ '_key_\d+$' AND contype = 'c'"
        )
        for table, name in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


@pytest.fixture
def keys(tmp_path: Path, settings: Any) -> Path:
    """A key file of this test's own, which the portal here uses."""
    path = tmp_path / "keys.json"
    create_keys(path)
    settings.KEYRING = Keyring.from_file(path)
    return path


@pytest.fixture
def rotate(keys: Path, settings: Any) -> Callable[..., str]:
    def run(*arguments: str) -> str:
        out = StringIO()
        call_command("rotate_keys", *arguments, f"--keys={keys}", stdout=out)
        settings.KEYRING = Keyring.from_file(keys)  # a restart
        return out.getvalue()

    return run


def opened() -> list[tuple[str, ...]]:
    people = [(p.nik.open(), p.kk.open(), p.phone.open()) for p in Applicant.objects.order_by("pk")]
    people += [(kept.content.open_bytes().hex(),) for kept in Evidence.objects.order_by("pk")]
    people += [(piece.data.open_bytes().hex(),) for piece in EvidencePiece.objects.order_by("pk")]
    people += [(draft.pages.open(),) for draft in Draft.objects.order_by("pk")]
    return people + [(user.phone.open(),) for user in User.objects.exclude(phone=None).order_by("pk")]


def _papers(draft: Draft) -> None:
    """Photographs, which no text is, and one on its way; more of them than are held in memory at once."""
    whose: dict[str, Any] = {"scope": NOBODY.with_draft(draft.pk), "now": timezone.now()}
    for claim in ("pmi", "laid_off"):
        add_evidence(**whose, owner=draft, claim=claim, data=photo(colour="red"))
    upload = begin_upload(**whose, owner=draft, claim="pmi", size=30, sha256_hex="0" * 64)
    for start in range(25):
        add_piece(**whose, upload_id=upload.pk, start=start, data=b"\xff")


def keys_in_use() -> set[int]:
    return {key for counts in values_by_key().values() for key in counts}


def test_a_whole_rotation_leaves_everything_readable_and_the_old_key_gone(rotate: Any, keys: Path) -> None:
    wave = make_wave()
    for _ in range(3):
        make_registration(wave)
    _papers(drafted())
    phone = Phone(make_user(phone=PHONE))
    before = opened()
    rotate("--add")
    assert Keyring.from_file(keys).active == 1
    assert keys_in_use() == {1}
    rotate("--activate")
    assert opened() == before
    assert "Everything stands under key 2" in rotate("--reencrypt", "--batch=2")
    assert keys_in_use() == {2}
    rotate("--retire", "1")
    assert set(Keyring.from_file(keys).keys) == {2}
    assert opened() == before
    with transaction.atomic():
        assert verify_factor(user=User.objects.get(), code=phone.code(), now=timezone.now())
    assert Applicant.objects.values("nik_index").distinct().count() == 3
    assert keys.stat().st_mode & 0o777 == 0o600


def test_a_running_process_opens_what_another_wrote_under_a_key_added_since(rotate: Any, settings: Any) -> None:
    running = keyring()
    rotate("--add")
    rotate("--activate")
    make_user(phone=PHONE)
    settings.KEYRING = running
    assert User.objects.get().phone.open() == PHONE


def test_a_key_in_use_is_not_retired(rotate: Any, keys: Path) -> None:
    make_user(phone=PHONE)
    rotate("--add")
    rotate("--activate")
    with pytest.raises(CommandError, match=r"Key 1 is in use. accounts_user.phone: 1"):
        rotate("--retire", "1")
    with pytest.raises(CommandError, match="Key 2 is active"):
        rotate("--retire", "2")
    assert set(Keyring.from_file(keys).keys) == {1, 2}
    assert opened() == [(PHONE,)]


def test_after_retiring_a_process_with_the_old_file_is_refused_rather_than_unreadable(
    rotate: Any, settings: Any
) -> None:
    old = keyring()
    user = make_user(phone=PHONE)
    for step in (["--add"], ["--activate"], ["--reencrypt"], ["--retire", "1"]):
        rotate(*step)
    settings.KEYRING = old
    user.phone = "+6281234567891"
    with pytest.raises(IntegrityError, match="accounts_user_phone_key_1"), transaction.atomic():
        user.save()


def test_a_row_that_does_not_open_keeps_no_other_from_moving(rotate: Any) -> None:
    sri, budi, tuti = (make_user(phone=f"+62812345678{n}") for n in (11, 12, 13))
    User.objects.filter(pk=budi.pk).update(phone=sri.phone)
    rotate("--add")
    rotate("--activate")
    with pytest.raises(CommandError, match=r"accounts_user.phone: 1 under key 1"):
        rotate("--reencrypt", "--batch=1")
    assert {User.objects.get(pk=user.pk).phone.open() for user in (sri, tuti)} == {"+6281234567811", "+6281234567813"}


def test_a_file_that_nobody_has_decided_keeps_its_key(rotate: Any, keys: Path) -> None:
    chunk = Keyring.from_file(keys).encrypt_bytes("records.importchunk.0", "x", b"NIK")
    Import.objects.create(
        kind="person_list", asked_by=make_user(), name="a.csv", size=3, created_at=timezone.now()
    ).chunks.create(number=0, data=chunk)
    rotate("--add")
    rotate("--activate")
    with pytest.raises(CommandError, match=r"records_importchunk.data: 1 under key 1"):
        rotate("--reencrypt")
    with pytest.raises(CommandError, match=r"Key 1 is in use. records_importchunk.data: 1"):
        rotate("--retire", "1")


def test_a_second_key_is_not_added_before_the_first_is_active(rotate: Any, keys: Path) -> None:
    rotate("--add")
    with pytest.raises(CommandError, match="Key 2 was added before"):
        rotate("--add")
    assert list(json.loads(keys.read_text())["keys"]) == ["1", "2"]


def test_a_table_that_takes_no_change_is_named_and_the_others_move(rotate: Any) -> None:
    make_registration(make_wave())
    make_user(phone=PHONE)
    rotate("--add")
    rotate("--activate")
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TRIGGER still BEFORE UPDATE ON accounts_user FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    try:
        with pytest.raises(CommandError, match=r"accounts_user refuses changes.*accounts_user.phone: 1 under key 1"):
            rotate("--reencrypt")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER still ON accounts_user")
    assert values_by_key()["registrations_applicant.nik"] == {2: 1}
