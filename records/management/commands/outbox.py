"""What became of messages: `manage.py outbox --days 7`. Counts only, no person, no address, no text."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from records.gateways import CHANNELS, gateways_of
from records.models import Spending
from records.services.messages.limits import failing
from records.services.messages.reading import outbox_counts


class Command(BaseCommand):
    help = "Say what became of the messages of the last days and why some were not sent, which gateways rest, what today cost."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=1, help="how far back (default 1)")

    def handle(self, *, days: int, **options: Any) -> None:
        if days < 1:
            raise CommandError("--days must be 1 or more.")
        now = timezone.now()
        for channel, template, state, reason, count in outbox_counts(since=now - timedelta(days=days)):
            self.stdout.write(f"{count:>8} {channel:9} {template:24} {state} {reason}".rstrip())
        for channel in CHANNELS:
            for gateway in gateways_of(channel):
                self.stdout.write(f"{channel:9} {gateway.name}: {'rests' if failing(gateway, now) else 'in use'}")
        for spending in Spending.objects.filter(day=timezone.localdate(now)):
            self.stdout.write(
                f"{spending.channel:9} Rp{spending.rupiah} today{', budget spent' if spending.alerted else ''}"
            )
