"""`manage.py verify_chain [--head HEX ...] [--from N]`: is everything remembered as it was sealed?"""

import time
from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from records.models import Seal
from records.services.seals import verify_logs


def _head(text: str) -> bytes:
    digits = "".join(text.split())
    try:
        head = bytes.fromhex(digits)
    except ValueError:
        head = b""
    if len(head) != 32:
        raise ArgumentTypeError("a head has 64 hexadecimal digits, as the page of seals shows it")
    return head


class Command(BaseCommand):
    help = "Follow the chain over events and reads; name the first thing wrong, with exit status 1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--head", action="append", default=[], type=_head, help="a head that was published or noted; it must be met"
        )
        parser.add_argument(
            "--from", dest="from_seal", type=int, default=1, help="start at this seal, trusting the one before"
        )

    def handle(self, *args: Any, head: list[bytes], from_seal: int, **options: Any) -> None:
        started = time.monotonic()
        try:
            verdict = verify_logs(published=head, from_seal=from_seal)
        except Seal.DoesNotExist as error:
            raise CommandError(f"There is no seal {from_seal - 1} to start after.") from error
        if verdict.fault:
            raise CommandError(str(verdict.fault))
        newest = verdict.newest
        self.stdout.write(
            f"intact: {verdict.lines} rows up to seal {newest.n}, head {newest.head.hex()}, "
            f"{time.monotonic() - started:.1f} seconds"
        )
