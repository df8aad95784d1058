"""Personal fields: bound to their row and field, mute in print, useless when moved or changed."""

import hmac
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from records.fields import BlindIndexField, Sealed, keyring
from records.ids import uuid7
from records.keyring import Keyring, KeyringError
from tests.factories.staff import make_user

PHONE = "+6281234567890"
FIELD = "accounts.user.phone"


def test_a_ciphertext_opens_in_its_own_field_of_its_own_row_only() -> None:
    row, other = uuid7(), uuid7()
    sealed = keyring().encrypt(FIELD, row, PHONE)
    assert keyring().decrypt(FIELD, row, sealed) == PHONE
    for field, pk in ((FIELD, other), ("registrations.applicant.phone", row)):
        with pytest.raises(KeyringError, match="does not belong"):
            keyring().decrypt(field, pk, sealed)


@pytest.mark.parametrize("at", [0, 1, 2, 3, 14, 15, 20, -17, -1])
def test_a_changed_byte_is_refused(at: int) -> None:
    row = uuid7()
    sealed = bytearray(keyring().encrypt(FIELD, row, PHONE))
    sealed[at] ^= 1
    with pytest.raises(KeyringError):
        keyring().decrypt(FIELD, row, bytes(sealed))


@pytest.mark.parametrize("length", [0, 1, 2, 3, 14, 15, 30])
def test_a_cut_ciphertext_is_refused(length: int) -> None:
    row = uuid7()
    with pytest.raises(KeyringError):
        keyring().decrypt(FIELD, row, keyring().encrypt(FIELD, row, PHONE)[:length])


def test_old_keys_still_open_and_unknown_ones_do_not() -> None:
    row = uuid7()
    key = keyring().keys[keyring().active]
    turned = Keyring(active=2, keys={1: key, 2: b"2" * 32}, peppers={}, secret_key="")
    assert turned.decrypt(FIELD, row, keyring().encrypt(FIELD, row, PHONE)) == PHONE
    with pytest.raises(KeyringError, match="not in the key file"):
        keyring().decrypt(FIELD, row, turned.encrypt(FIELD, row, PHONE))


def test_equal_texts_have_different_ciphertexts_and_one_index_per_purpose() -> None:
    row = uuid7()
    assert keyring().encrypt(FIELD, row, PHONE) != keyring().encrypt(FIELD, row, PHONE)
    assert BlindIndexField.of("phone", PHONE) == BlindIndexField.of("phone", PHONE)
    assert len({BlindIndexField.of(purpose, PHONE) for purpose in ("nik", "kk", "phone", "code")}) == 4
    peppered = replace(keyring(), peppers={"phone": b"another"})
    assert peppered.index("phone", PHONE) != BlindIndexField.of("phone", PHONE)


@pytest.mark.django_db
def test_a_stored_number_is_neither_printed_nor_kept_in_plain() -> None:
    user = User.objects.get(pk=make_user(phone=PHONE).pk)
    assert isinstance(user.phone, Sealed) and user.phone.open() == PHONE
    for shown in (str(user.phone), repr(user.phone), f"{user.phone}", repr(user), str(vars(user))):
        assert PHONE not in shown and "81234567890" not in shown
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone, phone_index FROM accounts_user WHERE id = %s", [user.pk])
        stored = b"".join(bytes(column) for column in cursor.fetchone())
    assert PHONE.encode() not in stored


@pytest.mark.django_db
def test_a_column_copied_to_another_row_does_not_open() -> None:
    sri, budi = make_user(phone=PHONE), make_user()
    User.objects.filter(pk=budi.pk).update(phone=sri.phone)
    with pytest.raises(KeyringError):
        User.objects.get(pk=budi.pk).phone.open()
    assert User.objects.defer("phone").get(pk=sri.pk).phone.open() == PHONE


@pytest.mark.parametrize("content", ["", "{}", '{"active": "1", "keys": {"1": "kurang"}}', "[]"])
def test_an_unusable_key_file_is_named(tmp_path: Any, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content)
    with pytest.raises(KeyringError, match=r"keys\.json"):
        Keyring.from_file(path)
    with pytest.raises(KeyringError, match=r"absent\.json"):
        Keyring.from_file(tmp_path / "absent.json")


def test_a_keyring_does_not_print_its_keys() -> None:
    key = keyring().keys[keyring().active]
    assert repr(key) not in repr(keyring()) and keyring().secret_key not in repr(keyring())


@pytest.mark.parametrize("length", [16, 32, 64, 65, 200])
def test_a_blind_index_is_the_hmac_of_its_pepper(length: int) -> None:
    pepper = bytes(range(length))
    ring = Keyring(active=1, keys={1: bytes(32)}, peppers={"nik": pepper}, secret_key="x")
    for text in ("", "3374990101950001", "ü" * 100):
        assert ring.index("nik", text) == hmac.new(pepper, f"nik|{text}".encode(), "sha256").digest()
