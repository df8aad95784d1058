"""The split of a wave's places: requested by a planner or the clock, published by an approver, never changed."""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.scope import Scope
from clusters.apportionment import Infeasible, InfeasibleMargins
from clusters.division import Division, MarginsDisagree, divide
from clusters.models import QuotaCell, QuotaSplit, Scenario, Wave
from clusters.selectors.changes import changes_between, stated, stated_by
from clusters.selectors.demand import UNIT, SplitInputs, split_inputs
from clusters.selectors.published import shown_digest
from clusters.selectors.quota import PROPOSE
from clusters.selectors.sensitivity import band_of, errors_of
from records.models import Job
from records.services.jobs import request_job
from records.services.log import record_event

OPEN_FOR_SPLITS = (Wave.State.DRAFT, Wave.State.OPEN, Wave.State.CLOSED)


class SplitRefused(Exception):
    """A split cannot be proposed or published as asked."""


class WaveIsFrozen(SplitRefused):
    """The list of the wave is frozen or further, so its places stand."""


class SelfApproval(SplitRefused):
    """Who proposed a split cannot publish it."""


class NotTheNewest(SplitRefused):
    """A newer version exists, or this one is published already."""


class ShownOther(SplitRefused):
    """Something changed since the second person opened the page, so he has not seen what he would publish."""


class ScenarioChanged(SplitRefused):
    """Somebody changed or archived the scenario since it was read."""


class TotalNotDecreed(SplitRefused):
    """The scenario splits another total than the decree's, so it can only be looked at."""


class Unsplittable(SplitRefused):
    """Floors or decreed totals cannot be honoured.

    cells: (regency id, cluster code), either None where a whole cluster or regency is meant; short: places missing; digest
    of the inputs.
    """

    def __init__(self, *, cells: Sequence[tuple[int | None, str | None]], short: int, digest: str) -> None:
        super().__init__(f"{short} places short in {len(cells)} cells")
        self.cells, self.short, self.digest = list(cells), short, digest


def request_split(*, scope: Scope, wave: Wave, reason: str, scenario_id: UUID | None = None, revision: int = 0) -> Job:
    """Ask for a new proposal; while one is being made, that one. The reason is public later: no personal data.

    Only for planners, as only approvers publish: so nobody decides alone, not even on a proposal of the clock.
    scenario_id: propose by its rules, as they stood at `revision`, and not by those in force.
    Raises PermissionDenied, WaveIsFrozen, ScenarioChanged, TotalNotDecreed.
    """
    if "planner" not in scope.roles:
        raise PermissionDenied
    if wave.state not in OPEN_FOR_SPLITS:
        raise WaveIsFrozen
    if scenario_id:
        _proposable(wave, scenario_id, revision)
    return ask_for_proposal(
        wave.pk, requested_by=scope.user_id, reason=reason, scenario_id=scenario_id, revision=revision
    )


def ask_for_proposal(
    wave_id: UUID, *, requested_by: UUID | None, reason: str, scenario_id: UUID | None = None, revision: int = 0
) -> Job:
    """The wave's live job by the rules in force, or by those of a scenario. Whoever asks has checked that he may."""
    payload: dict[str, str | int | None] = {
        "wave_id": str(wave_id),
        "requested_by": str(requested_by) if requested_by else None,
        "reason": reason,
    }
    key = f"{PROPOSE}:{wave_id}"
    if scenario_id:
        payload |= {"scenario_id": str(scenario_id), "revision": revision}
        key += f":{scenario_id}:{revision}"
    return request_job(task=PROPOSE, key=key, payload=payload, requested_by=requested_by)


def _proposable(wave: Wave, scenario_id: UUID, revision: int) -> Scenario:
    scenario: Scenario | None = Scenario.objects.filter(
        wave=wave, pk=scenario_id, revision=revision, archived=False
    ).first()
    if scenario is None:
        raise ScenarioChanged
    if scenario.overrides.get("total") not in (None, wave.decision.places):
        raise TotalNotDecreed
    return scenario


def propose_split(
    *,
    wave_id: UUID,
    requested_by: UUID | None,
    reason: str,
    scenario_id: UUID | None = None,
    revision: int = 0,
    now: datetime,
) -> QuotaSplit:
    """Store the split of the current figures as the wave's next version; same figures as the newest version, that one.

    By the rules in force, or by those of a scenario as they stood at `revision`. Its total, being the decree's, does not
    become a rule: a later decree counts.

    The wave row is locked before anything is read, so of two proposals at once the second sees the first. Must run with
    the owner's rights: web requests cannot write splits.

    Raises WaveIsFrozen, ScenarioChanged, TotalNotDecreed, Unsplittable.
    """
    with transaction.atomic():
        wave = Wave.objects.select_for_update(no_key=True, of=("self",)).select_related("decision").get(pk=wave_id)
        if wave.state not in OPEN_FOR_SPLITS:
            raise WaveIsFrozen
        scenario = _proposable(wave, scenario_id, revision) if scenario_id else None
        overrides = {key: rule for key, rule in scenario.overrides.items() if key != "total"} if scenario else None
        inputs = split_inputs(wave=wave, today=timezone.localdate(now), overrides=overrides)
        digest = inputs.digest
        newest: QuotaSplit | None = wave.splits.order_by("-version").first()
        if newest and newest.inputs_digest == digest:
            return newest
        division, unit = evaluate(inputs)
        split = QuotaSplit.objects.create(
            wave=wave,
            version=newest.version + 1 if newest else 1,
            total=inputs.total,
            unassigned=division.unassigned,
            method=division.method,
            reason=reason,
            inputs_digest=digest,
            overrides=dict(inputs.overrides),
            scenario=scenario,
            policy=inputs.policy,
            changes=changes_between(stated(newest), stated_by(inputs)) if newest else [],
            divisors=divisors_of(inputs, division, unit),
            proposed_by_id=requested_by,
            as_of=now,
        )
        QuotaCell.objects.bulk_create(_cells(split, inputs, division, unit))
        record_event(
            kind="quota.proposed",
            actor_id=requested_by,
            actor_role="planner" if requested_by else "system",
            subject_type="quota_split",
            subject_id=split.pk,
            reason=reason,
            at=now,
        )
    return split


def evaluate(inputs: SplitInputs) -> tuple[Division, int]:
    """The table, and the twelfths of a person in one unit of its weights. A what-if and a proposal are this same call.

    Scaling changes no place; whole persons where they are whole make the divisor a short number of persons.

    Raises Unsplittable.
    """
    unit = 1 if (inputs.weight % UNIT).any() else UNIT
    codes, places = [cluster.code for cluster in inputs.clusters], [regency.pk for regency in inputs.regencies]
    try:
        division = divide(
            weights=inputs.weight // unit,
            total=inputs.total,
            floor=inputs.floor,
            cap=inputs.cap,
            claims=inputs.claims,
            cluster_totals=inputs.cluster_totals,
            regency_totals=inputs.regency_totals,
        )
    except MarginsDisagree as error:
        decreed = max(error.clusters, error.regencies)
        raise Unsplittable(cells=[], short=abs(decreed - error.total), digest=inputs.digest) from error
    except InfeasibleMargins as error:
        cut = [(None, codes[row]) for row in error.rows] + [(places[column], None) for column in error.columns]
        raise Unsplittable(cells=cut, short=error.short, digest=inputs.digest) from error
    except Infeasible as error:
        cells = [(places[column], codes[row]) for row, column in zip(error.rows, error.columns, strict=True)]
        raise Unsplittable(cells=cells, short=error.short, digest=inputs.digest) from error
    return division, unit


def divisors_of(inputs: SplitInputs, division: Division, unit: int) -> dict[str, list[int] | None]:
    """Persons per place by cluster code and, where regencies have one, by regency id, as numerator and denominator; "*"
    is the first stage, in which claims are compared. None where weight decided nothing.

    In two ways a cell's divisor is the product of both; the unit then stands with the clusters.
    """
    two_way = division.method == "two_way"
    by_regency = dict(zip((str(regency.pk) for regency in inputs.regencies), division.regencies, strict=True))
    levels = {
        "*": division.between,
        **dict(zip((cluster.code for cluster in inputs.clusters), division.clusters, strict=True)),
        **(by_regency if division.method != "two_stages" else {}),
    }
    return {
        key: None
        if level is None
        else list((level if two_way and key in by_regency else level * Fraction(unit, UNIT)).as_integer_ratio())
        for key, level in levels.items()
    }


def _cells(split: QuotaSplit, inputs: SplitInputs, division: Division, unit: int) -> list[QuotaCell]:
    """Each keeps how far its figures carry, by the errors assumed today: a published number says the same for good."""
    errors, band = errors_of(inputs), band_of(inputs, division)
    return [
        QuotaCell(
            split=split,
            cluster=cluster,
            regency=regency,
            weight=inputs.weight[i, j],
            floor=inputs.floor[i, j],
            cap=inputs.cap[i, j],
            seats=division.seats[i, j],
            binds=division.binding[i][j],
            next_price="" if (price := division.next_price[i][j]) is None else str(price * unit),
            basis=inputs.basis[i][j]
            | {
                "sensitivity": {
                    "error": str(errors[i][j]),
                    "least": int(band.low[i, j]),
                    "most": int(band.high[i, j]),
                }
            },
        )
        for i, cluster in enumerate(inputs.clusters)
        for j, regency in enumerate(inputs.regencies)
    ]


def publish_split(*, scope: Scope, split_id: UUID, shown: str, now: datetime) -> QuotaSplit:
    """Put the newest proposal in force, as an approver who did not propose it. The digest of what he was shown stays with it.

    shown: selectors.published.shown_digest of the proposal and the version in force, as the approver's page had it.

    Raises QuotaSplit.DoesNotExist outside the scope, PermissionDenied, WaveIsFrozen, NotTheNewest, SelfApproval (also a
    CHECK: clusters_quotasplit_two_persons), ShownOther.
    """
    with transaction.atomic():
        split = QuotaSplit.objects.within(scope).get(pk=split_id)
        if "approver" not in scope.roles:
            raise PermissionDenied
        wave = Wave.objects.select_for_update(no_key=True).get(pk=split.wave_id)
        if wave.state not in OPEN_FOR_SPLITS:
            raise WaveIsFrozen
        newest: QuotaSplit | None = wave.splits.order_by("-version").first()
        if newest is None or newest.pk != split.pk or newest.published_at is not None:
            raise NotTheNewest
        if split.proposed_by_id == scope.user_id:
            raise SelfApproval
        in_force = wave.splits.filter(published_at__isnull=False).order_by("-version").first()
        if shown != shown_digest(newest, in_force):
            raise ShownOther
        newest.published_by_id, newest.published_at, newest.shown_digest = scope.user_id, now, shown
        newest.save(update_fields=["published_by_id", "published_at", "shown_digest", "updated_at"])
        record_event(
            kind="quota.published",
            actor_id=scope.user_id,
            actor_role=scope.actor_role,
            subject_type="quota_split",
            subject_id=newest.pk,
            fields=["published_by", "published_at", "shown_digest"],
            reason=newest.reason,
            at=now,
        )
    return newest
