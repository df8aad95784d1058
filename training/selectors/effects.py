"""What upholding an appeal would change: the rules once more with the disputed fact as the person claims it, then the draw.

Nobody's place is touched by an answer. It only says what the rules and the draw's own list give.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.db.models import F, Sum
from django.utils.formats import number_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.scope import Scope
from clusters.models import Cluster
from clusters.selectors.areas import area_lists
from registrations.eligibility import Cluster as Bit
from registrations.eligibility import Decision, Facts, decide
from registrations.models import Applicant, EligibilityDecision, PersonList, Registration
from registrations.selectors.listings import ListAnswer
from registrations.selectors.own import latest_decision, lists_of
from registrations.services import rows
from registrations.services.validation import Answers
from training.models import Draw, DrawCutoff, DrawResult, Placement, TrainingClass

# What a person may say is recorded wrongly of them: in their words, and as the rules see it.
CLAIMS: Mapping[str, tuple[object, Mapping[str, object]]] = {
    "pmi_candidate": (gettext_lazy("Saya calon pekerja migran Indonesia"), {"pmi_candidate": True}),
    "laid_off": (gettext_lazy("Saya terkena PHK atau dirumahkan"), {"laid_off": True}),
    "remote": (gettext_lazy("Saya tinggal di tempat terpencil atau tanpa sinyal"), {"remote_statement": True}),
    "unfamiliar": (gettext_lazy("Saya belum terbiasa dengan perangkat digital"), {"unfamiliar_digital": True}),
    "citizen": (gettext_lazy("Saya warga negara Indonesia"), {"citizen": True}),
    "not_in_education": (gettext_lazy("Saya tidak sedang bersekolah atau kuliah"), {"in_education": False}),
    "never_received": (gettext_lazy("Saya belum pernah menerima Kartu Prakerja"), {"received_before": False}),
    "no_office": (gettext_lazy("Saya tidak memegang jabatan yang dikecualikan"), {"occupation": "jobseeker"}),
    "no_aid": (gettext_lazy("Saya tidak menerima bantuan lain"), {"on_aid_list": False}),
}
# The kind of list that says the opposite, and weighs more than the own statement: were the claim right, it would not name them.
DISPUTED = {"not_in_education": "in_education", "never_received": "excluded", "no_aid": "aid_recipient"}


@dataclass(frozen=True)
class DrawEffect:
    """`position` and `cutoff` count from 1. `was_admitted` as it stands; `admitted`: would the person be, None where the
    published draw alone does not tell.
    """

    position: int
    cutoff: int | None
    was_admitted: bool
    admitted: bool | None


@dataclass(frozen=True)
class Effect:
    """The decision as it stands and as it would be; `draw` None before publication, or for somebody who was not on the list.

    `free`: seats that nobody holds now in classes of the clusters that would be the person's.
    """

    now: Decision
    then: Decision
    draw: DrawEffect | None
    published: bool
    placed: bool
    free: int


def effect_of(registration: Registration, *, claim: str, scope: Scope) -> Effect | None:
    """None for a person who has moved to another office: the facts are no longer this one's to see."""
    applicant = Applicant.objects.within(scope).filter(pk=registration.applicant_id).first()
    if applicant is None:
        return None
    decided = latest_decision(registration)
    day = localdate(decided.decided_at)
    rules, areas = rows.rules_of(registration.wave.rule_set), rows.areas_of(area_lists(day))
    facts = _facts(registration, applicant, decided)
    undisputed = tuple(one for one in facts.listings if one.kind != DISPUTED.get(claim))
    claimed = replace(facts, listings=undisputed, **dict(CLAIMS[claim][1])) if claim else facts  # type: ignore[arg-type]
    then = decide(claimed, rules, areas, day)
    draws = Draw.objects.filter(wave=registration.wave_id, published_at__isnull=False).exclude(state=Draw.State.VOID)
    draw = draws.first()
    seats = TrainingClass.objects.filter(
        wave=registration.wave_id,
        regency=registration.regency_id,
        cluster__index__in=[index for index in range(len(Bit)) if then.clusters >> index & 1],
    )
    return Effect(
        now=decide(facts, rules, areas, day),
        then=then,
        draw=_draw_effect(draw, registration, int(then.clusters), scope) if draw else None,
        published=draw is not None,
        placed=Placement.objects.within(scope).filter(registration=registration, state__in=Placement.LIVE).exists(),
        free=seats.aggregate(free=Sum(F("seats") - F("taken")))["free"] or 0,
    )


def effect_words(effect: Effect, clusters: Iterable[Cluster]) -> list[str]:
    """The effect in plain sentences: the rules, the draw, and whose places are not touched."""
    names = list(clusters)
    now, then = (_names(decision, names) for decision in (effect.now, effect.then))
    if not effect.then.eligible:
        articles = "; ".join(article for _rule, article in effect.then.failures)
        return [_("Bila dikabulkan, orang ini tetap tidak memenuhi syarat: %(articles)s.") % {"articles": articles}]
    if not effect.now.eligible:
        said = [_("Bila dikabulkan, orang ini memenuhi syarat dengan klaster %(then)s.") % {"then": then}]
    elif now == then:
        said = [_("Bila dikabulkan, syarat dan klaster orang ini tetap sama: %(then)s.") % {"then": then}]
    else:
        changed = _("Bila dikabulkan, klaster orang ini berubah dari %(now)s menjadi %(then)s.")
        said = [changed % {"now": now, "then": then}]
    if effect.placed:
        return [*said, _("Orang ini sudah memegang tempat; hasil undiannya tidak berubah.")]
    if not effect.published:
        return [*said, _("Undian gelombang ini belum diumumkan. Perubahan ikut diundi bila diputus sebelum pembekuan.")]
    if effect.draw is None:
        return [*said, _("Orang ini tidak ada dalam daftar undian, jadi hasil undian tidak berubah.")]
    numbers = {
        name: number_format(value or 0, use_l10n=True, force_grouping=True)
        for name, value in (("position", effect.draw.position), ("cutoff", effect.draw.cutoff))
    }
    if effect.draw.cutoff is None:
        said.append(_("Urutannya %(position)s; belum ada batas untuk kelompok itu di wilayahnya.") % numbers)
    else:
        said.append(_("Urutannya %(position)s; batas kelompok itu di wilayahnya %(cutoff)s.") % numbers)
    if effect.draw.was_admitted:
        return [*said, _("Orang ini sudah masuk batas undian dan tidak memegang tempatnya lagi; undian tidak berubah.")]
    if effect.draw.admitted is None:
        said.append(_("Dari batas yang diumumkan saja hasilnya tidak dapat dipastikan."))
    elif effect.draw.admitted:
        said.append(_("Jadi hasilnya berubah: dengan klaster itu orang ini seharusnya mendapat tempat."))
    else:
        said.append(_("Jadi hasil undian tidak berubah."))
    free = _("Tempat orang lain tidak diambil. Kini ada %(free)s kursi kosong di kelas klaster itu.")
    return [*said, free % {"free": effect.free}]


def _names(decision: Decision, clusters: list[Cluster]) -> str:
    return ", ".join(c.code for c in clusters if decision.clusters >> c.index & 1) or "–"


def _facts(registration: Registration, applicant: Applicant, decided: EligibilityDecision) -> Facts:
    """The facts of the registration's decision, as far as they are the office's to see; the lists are those that it rests on.

    Whoever is registered was within the household's limit. Disability is the person's own to tell; that the cluster
    AFIRMASI is open to a man says as much as its rule needs.
    """
    return rows.facts_of(
        rows.Subject.known(applicant, disability=bool(registration.clusters & Bit.AFIRMASI)),
        Answers(**{field: getattr(registration, field) for field in Answers.__dataclass_fields__}),
        blank_spot=registration.blank_spot,
        household=0,
        lists=ListAnswer(frozenset(PersonList.Kind.values), tuple(lists_of(decided))),
    )


def _draw_effect(draw: Draw, registration: Registration, clusters: int, scope: Scope) -> DrawEffect | None:
    """Held against the people of the regency (training/README.md, who): somebody is admitted unless a set that contains the own
    one is full. So whoever would be eligible for more is admitted up to the cut-off of any part of it, and nobody behind a
    person who was eligible for as much and was turned down. Between the two only a new draw would tell.
    """
    results = DrawResult.objects.within(scope).filter(draw=draw)
    own = results.filter(registration=registration).first()
    if own is None:
        return None
    cutoffs = DrawCutoff.objects.filter(draw=draw, regency=registration.regency_id)
    parts = [c.position for c in cutoffs if c.clusters & ~clusters == 0]
    refused = (
        results.filter(registration__regency=registration.regency_id, admitted_pass=-1, position__lte=own.position)
        .annotate(common=F("registration__clusters").bitand(clusters))
        .filter(common=clusters)
    )
    was_admitted = own.admitted_pass >= 0
    if was_admitted or (parts and own.position <= max(parts)):
        admitted: bool | None = True
    else:
        # A guarantee of a group may admit behind the cut-off, and the group may be what is disputed.
        admitted = False if draw.last_pass == 0 and refused.exists() else None
    return DrawEffect(own.position + 1, max(parts) + 1 if parts else None, was_admitted, admitted)
