"""What a session holds of an applicant: a draft that is being filled in, then who has registered."""

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.http import HttpRequest

from accounts.middleware import ScopedRequest
from registrations.models import Registration
from registrations.services.receipts import Receipt

APPLICANT_KEY, DRAFT_KEY = "applicant", "draft"  # read by the scope middleware
RECEIPT_KEY = "receipt"  # idempotency key of the submission whose receipt may be shown
SHOWN_UNTIL_KEY = "shown_until"  # of a receipt that was claimed: until when it may show the code, in seconds
SECRET_SHOWN = timedelta(minutes=10)  # after registering or claiming; the ticket says so
SESSION = timedelta(minutes=30)
FILLING_IN = timedelta(hours=1)  # from one saved page to the next: time to look for the family card
LOST_ANSWER = timedelta(minutes=2)  # how long a draft may be sent again by who did not get its answer


def hold_draft(request: ScopedRequest, draft_id: UUID) -> None:
    """This session now fills in this draft, and shows nobody else's things, under a new session key."""
    for key in (APPLICANT_KEY, RECEIPT_KEY):
        request.session.pop(key, None)
    request.session[DRAFT_KEY] = str(draft_id)
    request.session.set_expiry(FILLING_IN)
    transaction.on_commit(request.session.cycle_key)


def remember_applicant(request: ScopedRequest, receipt: Receipt, *, draft_id: UUID) -> None:
    """This session is now the applicant's, under a new session key: nobody who planted the old one gets in."""
    request.session[APPLICANT_KEY] = str(receipt.applicant_id)
    request.session[RECEIPT_KEY] = str(draft_id)
    request.session.pop(DRAFT_KEY, None)
    request.session.set_expiry(SESSION)
    transaction.on_commit(lambda: _renew(request.session, str(draft_id)))


def remember_claimed(request: HttpRequest, registration: Registration, *, now: datetime) -> None:
    """This session is the applicant's from now on, and nobody else's: a signed-in colleague's least of all."""
    request.session.flush()
    request.session[APPLICANT_KEY] = str(registration.applicant_id)
    request.session[RECEIPT_KEY] = str(registration.idempotency_key)
    request.session[SHOWN_UNTIL_KEY] = (now + SECRET_SHOWN).timestamp()
    request.session.set_expiry(SESSION)


def _renew(session: SessionBase, draft_id: str) -> None:
    """Go on under a new session key. The old one keeps the draft's id for a moment, in case the answer gets lost."""
    left = type(session)(session.session_key)
    session.create()
    left.clear()
    left[DRAFT_KEY] = draft_id
    left.set_expiry(LOST_ANSWER)
    left.save()
