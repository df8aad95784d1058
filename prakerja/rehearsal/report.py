"""What came of a rehearsal: a table for people, RESULT lines for programs, and the invariants."""

import hashlib
import resource
from collections import Counter
from collections.abc import Callable

from django.db.models import Count, F, Sum

from clusters.models import QuotaCell, Wave
from prakerja.rehearsal.drive import Clock
from registrations.models import Applicant, Registration, Tally
from training.models import Draw, DrawResult, Placement, TrainingClass, WishList

Say = Callable[[str], None]


def broken_invariants(*, wave: Wave, draw: Draw, submitted: int, refused: Counter[str]) -> list[str]:
    """In words, every promise that does not hold; empty when all do."""
    registrations = Registration.objects.filter(wave=wave)
    placements = Placement.objects.filter(draw=draw, state__in=Placement.LIVE)
    quota = {(cell.regency_id, cell.cluster_id): cell.seats for cell in QuotaCell.objects.filter(split=draw.split)}
    in_cell = placements.values_list("training_class__regency_id", "training_class__cluster_id").annotate(Count("pk"))
    tally = sum(Tally.objects.filter(wave=wave).values_list("change", flat=True))
    checks = {
        "everybody was registered or refused for a reason": registrations.count() + refused.total() == submitted,
        "one registration per person": registrations.values("applicant").distinct().count() == registrations.count(),
        "one person per NIK": Applicant.objects.values("nik_index").distinct().count() == Applicant.objects.count(),
        "counts equal lists": tally == registrations.count(),
        "engine and verifier agree": draw.state == Draw.State.PUBLISHED,
        "every result became a place": placements.count()
        == DrawResult.objects.filter(draw=draw, training_class__isnull=False).count(),
        "nobody holds two places": placements.values("registration").distinct().count() == placements.count(),
        "no class above its seats": not TrainingClass.objects.filter(wave=wave, taken__gt=F("seats")).exists(),
        "seats taken equal places held": sum(TrainingClass.objects.filter(wave=wave).values_list("taken", flat=True))
        == placements.count(),
        "no cell above its quota": all(people <= quota.get((r, c), 0) for r, c, people in in_cell),
    }
    return [promise for promise, kept in checks.items() if not kept]


def print_report(
    *, say: Say, wave: Wave, draw: Draw, submitted: int, refused: Counter[str], by_http: int, clock: Clock
) -> None:
    """The table, then one RESULT line per figure."""
    registrations = Registration.objects.filter(wave=wave)
    results = DrawResult.objects.filter(draw=draw)
    with_list = WishList.objects.filter(registration__wave=wave, registration__wishes__rank=0).count()
    placed = results.filter(training_class__isnull=False).count()
    firsts = results.filter(wish_rank=0).count()
    joined = registrations.filter(state=Registration.State.JOINED).count()
    say("")
    say("People by step")
    for label, people in [
        ("submitted", submitted),
        ("  of these through the pages", by_http),
        ("refused", refused.total()),
        *((f"  {reason}", count) for reason, count in refused.most_common()),
        ("registered", registrations.count()),
        ("joined", joined),
        ("with wishes", with_list),
        ("on the frozen list", draw.list_size or 0),
        ("with a place", placed),
        ("  first wish met", firsts),
        ("  another wish met", results.filter(wish_rank__gt=0, wish_rank__lt=5).count()),
        ("  class given by the rule", results.filter(wish_rank=5).count()),
    ]:
        say(f"  {label:38}{people:>10,}")
    say("")
    say(f"  {'Cluster':12}{'quota':>10}{'seats':>10}{'places':>10}")
    quota = dict(QuotaCell.objects.filter(split=draw.split).values_list("cluster__code").annotate(Sum("seats")))
    classes = TrainingClass.objects.filter(wave=wave).values_list("cluster__code")
    for code, seats, taken in classes.annotate(Sum("seats"), Sum("taken")).order_by("cluster__index"):
        say(f"  {code:12}{quota.get(code, 0):>10,}{seats:>10,}{taken:>10,}")
    say(f"  {'unassigned':12}{draw.split.unassigned:>10,}")
    say("")
    say("Seconds by step")
    for name, seconds in clock.seconds.items():
        say(f"  {name:38}{seconds:>10.1f}")
    say("")
    verdict = "agree" if draw.state == Draw.State.PUBLISHED else "disagree"
    say(f"Verifier: {verdict}")
    digest = hashlib.sha256(f"{draw.list_root}|{draw.seed}|{draw.result_sha256}".encode()).hexdigest()
    say(f"RESULT rehearsal people={submitted} registered={registrations.count()} placed={placed} first_wishes={firsts}")
    say(f"RESULT rehearsal verdict={verdict} digest={digest}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    say(f"RESULT rehearsal total_seconds={sum(clock.seconds.values()):.1f} peak_bytes={peak}")
    for name, seconds in clock.seconds.items():
        say(f"RESULT rehearsal_step name={name.replace(' ', '_')} seconds={seconds:.2f}")
