"""Who was erased, by ids alone, and erasing them again after a restore from a backup that still knew them.

`manage.py tombstones --out FILE` after each erasure, to a place outside the database; `manage.py tombstones --replay FILE` after
each restore. The file names nobody: one id a line.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from registrations.models import Applicant
from training.services.erasure import erase


class Command(BaseCommand):
    help = "Write the ids of everybody who was erased, or erase them again after a restore."

    def add_arguments(self, parser: ArgumentParser) -> None:
        way = parser.add_mutually_exclusive_group(required=True)
        way.add_argument("--out", type=Path, help="the file to write")
        way.add_argument("--replay", type=Path, help="a file written by --out")

    def handle(self, *, out: Path | None, replay: Path | None, **options: Any) -> None:
        if out:
            erased = Applicant.objects.filter(erased_at__isnull=False).order_by("pk").values_list("pk", flat=True)
            out.write_text("".join(f"{pk}\n" for pk in erased))
            self.stdout.write(f"{len(erased)} ids written")
        elif replay:
            try:
                ids = [UUID(line) for line in replay.read_text().split()]
            except (OSError, ValueError) as error:
                raise CommandError(f"{replay} is no list of ids: {error}") from error
            again = sum(erase(applicant_id=pk, now=timezone.now()) for pk in ids)
            self.stdout.write(f"{again} of {len(ids)} were there again and are erased")
