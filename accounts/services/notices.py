"""What the owner of an account is told, so that somebody else's hand in it is noticed."""

from datetime import datetime
from typing import Literal

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext

from accounts.models import User
from records.ids import uuid7
from records.services.messages import Recipient, queue_message

Template = Literal["sign_in_new_device", "sign_in_changed"]


def tell_owner(*, user: User, template: Template, now: datetime) -> None:
    """By e-mail where there is an address, else by SMS: the account was opened in a new browser, or its factors changed."""
    moment = gettext("%(day)s pukul %(time)s WIB") % {
        "day": date_format(timezone.localtime(now), "j F Y"),
        "time": f"{timezone.localtime(now):%H.%M}",
    }
    queue_message(
        template=template,
        channel="email" if user.email else "sms",
        language=get_language() or "id",
        key=f"{template}|{uuid7()}",
        values={"moment": moment},
        now=now,
        recipient=Recipient("user", user.pk),
    )
