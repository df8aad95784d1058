"""Let a client of the API read the NIK in full: asked for by one person of the province, granted by a second one."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import ApiClient, User
from accounts.services.clients import ClientRefused, grant_identity
from clusters.selectors.offices import scope_of


class Command(BaseCommand):
    help = "Ask that a client may read the NIK in full, or grant what another person has asked for."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("client_id")
        parser.add_argument("--by", required=True, help="e-mail address of a planner or approver")

    def handle(self, *, client_id: str, by: str, **options: Any) -> None:
        user = User.objects.filter(email=by, is_active=True).first()
        client = ApiClient.objects.filter(client_id=client_id).first()
        if user is None or client is None:
            raise CommandError(f"There is no {'client ' + client_id if user else 'user ' + by}.")
        try:
            client = grant_identity(scope=scope_of(user), client_pk=client.pk, now=timezone.now())
        except (ClientRefused, PermissionDenied) as refused:
            raise CommandError(f"Not done: {refused}.") from refused
        self.stdout.write("granted" if client.identity_granted_by_id else "asked for; a second person must grant it")
