"""Housekeeping of accounts."""

from celery import shared_task
from django.utils import timezone

from accounts.services import sessions


@shared_task(name="accounts.clear_sessions")
def clear_sessions() -> None:
    """Beat: remove sessions that are over."""
    sessions.clear_sessions(now=timezone.now())
