"""Take the steps of a draw from a terminal: `manage.py draw freeze 2026-7 --by perencana@contoh.example`."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from accounts.scope import Scope
from clusters.models import Wave
from clusters.selectors.offices import scope_of
from records.models import Job
from training import tasks
from training.models import Draw
from training.selectors.draws import live_draw
from training.services import draws

STEPS = ("freeze", "dice", "confirm", "publish", "show")


class Command(BaseCommand):
    help = "Freeze a wave's list, enter or confirm dice, publish, or show a draw. The same rules as on the pages."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("step", choices=STEPS)
        parser.add_argument("wave", help="the wave's short name, as in its address")
        parser.add_argument("--by", help="e-mail address of who takes the step; not for `show`")
        parser.add_argument("--dice", default="", help="the rolls, digits 1 to 6 (dice, confirm)")
        parser.add_argument("--witnesses", default="", help="who saw the dice rolled (dice)")

    def handle(self, *, step: str, wave: str, by: str | None, dice: str, witnesses: str, **options: Any) -> None:
        found = Wave.objects.filter(slug=wave).first()
        if found is None:
            raise CommandError(f"There is no wave {wave}.")
        if step != "show":
            try:
                self._take(step, found, _actor(by), dice, witnesses)
            except draws.DrawRefused as refused:
                raise CommandError(str(refused)) from refused
        draw = live_draw(found.pk)
        if draw is None:
            raise CommandError(f"Wave {wave} has no draw yet.")
        self._show(draw)

    def _take(self, step: str, wave: Wave, scope: Scope, dice: str, witnesses: str) -> None:
        """One service call, then its job here and now; a worker that is faster has done the same."""
        now = timezone.now()
        if step == "freeze":
            _do(draws.request_freeze(scope=scope, wave_id=wave.pk, now=now)[1], tasks.freeze_list)
            return
        draw = live_draw(wave.pk)
        if draw is None:
            raise CommandError(f"Wave {wave.slug} has no draw yet: freeze its list first.")
        if step == "dice":
            draws.record_dice(scope=scope, draw_id=draw.pk, dice=dice, witnesses=witnesses, now=now)
        elif step == "confirm":
            _do(draws.confirm_dice(scope=scope, draw_id=draw.pk, dice=dice, now=now)[1], tasks.run_draw)
        else:
            _do(draws.request_publication(scope=scope, draw_id=draw.pk), tasks.release_results)

    def _show(self, draw: Draw) -> None:
        for name in ("state", "list_size", "list_root", "rules_digest", "dice", "seed", "result_sha256", "placed"):
            self.stdout.write(f"{name:14}{getattr(draw, name) or '-'}")
        self.stdout.write(draw.report)


def _actor(email: str | None) -> Scope:
    user = User.objects.by_login(email.lower()) if email else None
    scope = scope_of(user) if user else None
    if scope is None or not scope.is_province:
        raise CommandError("--by must be the e-mail address of a planner or approver of the province.")
    return scope


def _do(job: Job, task: Callable[[str], None]) -> None:
    task(str(job.pk))
