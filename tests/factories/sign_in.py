"""What comes out of the sign-in pages: the messages they promise, and a phone with an authenticator app."""

import json
import re
import time

from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value

from accounts.models import User
from accounts.services.factors import add_totp
from records.models import Message


def promised(template: str) -> list[dict[str, str]]:
    """The values of every message of this template that the outbox holds, the oldest first."""
    rows = Message.objects.filter(template__name=template).order_by("pk")
    return [json.loads(row.sealed_values.open()) if row.sealed_values else row.plain_values for row in rows]


def sent_code() -> str:
    return promised("sign_in_code")[-1]["code"]


def sent_token() -> str:
    found = re.search(r"/masuk/tautan/([^/]+)/", promised("set_password")[-1]["link"])
    assert found
    return found[1]


class Phone:
    """An authenticator app of this account."""

    def __init__(self, user: User) -> None:
        self.secret = generate_totp_secret()
        add_totp(user=user, secret=self.secret)

    def code(self, steps: int = 0) -> str:
        """What it shows now, or so many steps of 30 seconds later."""
        return format_hotp_value(hotp_value(self.secret, int(time.time()) // 30 + steps))
