"""Make a client of the API: `manage.py create_api_client Kemnaker Rekap --by operator@contoh.example --scope waves:read`."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Institution, User
from accounts.scope import API_SCOPES
from accounts.services.clients import ClientRefused, create_client, create_institution
from clusters.selectors.offices import scope_of


class Command(BaseCommand):
    help = "Make a client of the API and print its secret, which is shown once and kept nowhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("institution", help="its name; made when it is not known yet")
        parser.add_argument("name", help="what the client is for")
        parser.add_argument("--by", required=True, help="e-mail address of a planner, approver or operator")
        parser.add_argument("--kind", choices=Institution.Kind.values, default="ministry", help="of a new institution")
        parser.add_argument("--regency", type=int, action="append", default=[], help="of a new institution, as 3374")
        parser.add_argument("--scope", action="append", required=True, help=", ".join(API_SCOPES))
        parser.add_argument("--address", action="append", default=[], help="range it may ask from, as 203.0.113.0/24")
        parser.add_argument("--days", type=int, default=365, help="how long it is valid (365)")

    def handle(self, *, institution: str, name: str, by: str, kind: str, regency: list[int], **options: Any) -> None:
        user = User.objects.filter(email=by, is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody has the e-mail address {by}.")
        now = timezone.now()
        try:
            with transaction.atomic():
                found = Institution.objects.filter(name=institution).first()
                client, secret = create_client(
                    scope=scope_of(user),
                    institution=found or create_institution(name=institution, kind=kind, regency_ids=regency),
                    name=name,
                    scopes=options["scope"],
                    address_ranges=options["address"],
                    expires_at=now + timedelta(days=options["days"]),
                    now=now,
                )
        except (ClientRefused, PermissionDenied) as refused:
            raise CommandError(f"Not made: {refused}.") from refused
        except IntegrityError as refused:
            raise CommandError("Not made: an office needs at least one --regency.") from refused
        self.stdout.write(f"client_id      {client.client_id}\nclient_secret  {secret}")
