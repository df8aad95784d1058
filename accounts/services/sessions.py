"""Sessions of an account: ended together, and renamed when what they have shown grows."""

from datetime import datetime, timedelta
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.db import connection


def end_sessions_of(user_id: UUID) -> None:
    """End every session of the account. Runs as the owner."""
    sessions = UserSession.objects.filter(user_id=user_id)
    Session.objects.filter(session_key__in=list(sessions.values_list("session_key", flat=True))).delete()
    sessions.delete()


def end_other_sessions(kept: str) -> None:
    """End every session of the asker but the one with this key. Works in every scope."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_end_other_sessions(%s)", [kept])


def renew_key(session: SessionBase) -> None:
    """A new key for the same session: what knew the old one opens nothing any more. Runs as the owner."""
    before = session.session_key
    session.cycle_key()
    UserSession.objects.filter(session_key=before).update(session_key=session.session_key)


def clear_sessions(*, now: datetime) -> None:
    """Remove sessions that are over, and the lists' lines of those that must be. For a job.

    Every visitor of a form has one, so that they would fill the disk, and they say who was here.
    """
    Session.objects.filter(expire_date__lt=now).delete()
    UserSession.objects.filter(created_at__lt=now - timedelta(seconds=settings.SESSION_COOKIE_AGE)).delete()
