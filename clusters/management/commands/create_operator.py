"""The first operator: `manage.py create_operator --name NAME --email ADDRESS [--phone NUMBER]`.

The only path to a role without a second person, and the database lets it be walked once.
"""

from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.phone import normalise_phone
from accounts.services.one_time import enrolment_link
from clusters.services.memberships import OperatorExists, create_operator


class Command(BaseCommand):
    help = (
        "Make the first operator and print the link to choose a password, once. A further one needs --second-approval."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True)
        parser.add_argument("--email", required=True)
        parser.add_argument("--phone", help="Indonesian mobile number")
        parser.add_argument(
            "--second-approval", metavar="LOGIN", help="e-mail of an existing operator, whose password is asked for"
        )

    def handle(self, *, name: str, email: str, phone: str | None, second_approval: str | None, **options: Any) -> None:
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"--email: {email!r} is no e-mail address") from error
        number = normalise_phone(phone) if phone else None
        if phone and not number:
            raise CommandError("--phone: give an Indonesian mobile number, such as 0812 3456 7890")
        now = timezone.now()
        try:
            with transaction.atomic():
                second = self._second(second_approval) if second_approval else None
                user = create_operator(name=name, email=email, phone=number, second=second, now=now)
                link = enrolment_link(user=user, now=now)
        except OperatorExists as error:
            raise CommandError("There is an operator: name one with --second-approval LOGIN.") from error
        except PermissionDenied as error:
            raise CommandError("--second-approval: no operator with this login and password") from error
        except IntegrityError as error:
            raise CommandError("Another account has this e-mail address or number.") from error
        self.stdout.write(
            f"{name} is an operator. This link works once, for seven days, and is not shown again:\n{link}"
        )

    def _second(self, login: str) -> User:
        user = User.objects.by_login(login.lower())
        if user is None or not user.is_active or not user.check_password(getpass(f"Password of {login}: ")):
            raise PermissionDenied
        return user
