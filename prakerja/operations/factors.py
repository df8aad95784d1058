"""The secrets of second factors: allauth keeps them as texts inside JSON, so they are moved to a new key row by row."""

from base64 import b64decode, b64encode
from collections import Counter

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.adapter import NO_ROW, SECRET_FIELD
from records.keyring import Keyring, key_of

PLACE = "mfa_authenticator.data"
SECRETS = ("secret", "seed")  # of an authenticator app, of recovery codes


def factors_by_key() -> dict[int, int]:
    """How many secrets stand under which key."""
    rows = Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).values_list("data", flat=True)
    return dict(Counter(key_of(b64decode(data[name])) for data in rows for name in SECRETS if name in data))


def reencrypt_factors(keyring: Keyring) -> int:
    """Bring them to the active key, a row at a time; how many rows. KeyringError for one that does not open."""
    stale = [
        pk
        for pk, data in Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).values_list("pk", "data")
        if any(key_of(b64decode(data[name])) != keyring.active for name in SECRETS if name in data)
    ]
    for pk in stale:
        with transaction.atomic(durable=True):
            for factor in Authenticator.objects.select_for_update().filter(pk=pk):  # it may be gone by now
                for name in SECRETS:
                    if name in factor.data:
                        text = keyring.decrypt(SECRET_FIELD, NO_ROW, b64decode(factor.data[name]))
                        factor.data[name] = b64encode(keyring.encrypt(SECRET_FIELD, NO_ROW, text)).decode()
                factor.save(update_fields=["data"])
    return len(stale)
