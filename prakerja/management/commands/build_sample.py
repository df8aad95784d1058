"""Build the sample province into an empty development database: `manage.py build_sample`."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from clusters.models import Wave
from prakerja.rehearsal import sample
from prakerja.rehearsal.authenticator import give_phone
from prakerja.rehearsal.province import PASSWORD, STAFF
from registrations.services.receipts import secret_code
from training.models import DrawResult


class Command(BaseCommand):
    help = "Fill an empty database with sample data (data contoh): a few thousand people, one wave in each state."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=2026)

    def handle(self, *, seed: int, **options: Any) -> None:
        if not settings.SAMPLE_DATA:
            raise CommandError("Sample data are for development only: set PRAKERJA_SAMPLE=1 to say so.")
        if Wave.objects.exists():
            self.stdout.write("The database has waves already: the sample province is left as it is.")
        else:
            with transaction.atomic():
                sample.build(now=timezone.now(), seed=seed, say=self._say)
        for user in User.objects.filter(email__in=[email for _name, email, _role, _regency in STAFF]):
            give_phone(user)  # of an older database
        self._say(f"Sample accounts, all with the password {PASSWORD}; codes at /simulator/autentikator/")
        for name, email, _role, _regency in STAFF:
            self._say(f"  {email:32}{name}")

        self._say("Sample applicants of the published wave, for /status/ (number, code, birth date)")
        for label, placed in (("with a place", True), ("without", False)):
            result = (
                DrawResult.objects.filter(
                    training_class__isnull=not placed, registration__wave__state=Wave.State.PUBLISHED
                )
                .select_related("registration__applicant")
                .order_by("position")
                .last()
            )
            if result:
                person = result.registration
                code = secret_code(person.idempotency_key)
                self._say(f"  {person.number}  {code}  {person.applicant.birth_date:%d-%m-%Y}  {label}")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
