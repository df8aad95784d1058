"""Close the portal for maintenance: `manage.py maintenance on --until "2026-11-24 22:00"`, `off`, `status`."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from redis import RedisError

from prakerja.operations import maintenance


class Command(BaseCommand):
    help = "Show everybody but operators a friendly page for a while; what they typed is kept on it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("state", choices=["on", "off", "status"])
        parser.add_argument("--until", help='when it ends, in Jakarta: "22:00" or "2026-11-24 22:00"')

    def handle(self, *, state: str, until: str | None, **options: Any) -> None:
        try:
            if state == "on":
                maintenance.begin(_moment(until) if until else None)
            elif state == "off":
                maintenance.end()
            found = maintenance.ask()
        except RedisError as error:
            raise CommandError(f"Redis does not answer ({error}); the portal goes on as before.") from error
        if found is None:
            self.stdout.write("The portal is open.")
        else:
            ends = f" until {timezone.localtime(found.until):%Y-%m-%d %H:%M}" if found.until else ""
            self.stdout.write(f"Maintenance{ends}; health checks and the addresses of MAINTENANCE_ALLOWED get through.")


def _moment(text: str) -> datetime:
    now = timezone.localtime()
    try:
        if len(text) <= len("22:00"):
            at = datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - joined with today's date in Jakarta
            moment = datetime.combine(now.date(), at, now.tzinfo)
        else:
            moment = datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=now.tzinfo)
    except ValueError as error:
        raise CommandError('--until takes "22:00" or "2026-11-24 22:00", in Jakarta.') from error
    if moment <= now:
        raise CommandError(f"--until {moment:%Y-%m-%d %H:%M} has passed already.")
    return moment
