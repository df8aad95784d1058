"""Who may ask for a place of the offline quota, in which clusters, and why: dated rules as data.

Pure: facts, rules and a date in, a decision out. The rule sets with the article behind each rule, and
example cases that the tests run, are in registrations/data/rule_sets.json.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntFlag
from typing import Any, Literal, Self

OFFICES = frozenset({"asn", "tni", "polri", "state_official", "dprd", "village_head", "bumn_board"})
OCCUPATIONS = OFFICES | {"jobseeker", "laid_off", "furloughed", "worker", "non_wage", "micro_business"}


class Cluster(IntFlag):
    """The clusters of the offline quota as bits; bit i is the cluster with index i."""

    PMI = 1
    BOROBUDUR = 2
    PHK = 4
    AFIRMASI = 8


class Group(IntFlag):
    """Groups for which places may be guaranteed and which every table counts."""

    WOMEN = 1
    DISABILITY = 2
    LAID_OFF = 4
    REMOTE = 8


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of an applicant on the day of the decision. Regions are those of domicile, never of the NIK.

    household_members_registered: other people of the same family card who are registered or received the card.
    laid_off: own statement or a matched list; the occupations laid_off and furloughed say the same.
    on_aid_list: on a list of aid (DTKS, BSU, BPUM) that a rule set may exclude.
    """

    birth_date: date
    sex: Literal["F", "M"]
    citizen: bool
    in_education: bool
    occupation: str
    village_id: int
    regency_id: int
    village_is_blank_spot: bool
    remote_statement: bool
    unfamiliar_digital: bool
    pmi_candidate: bool
    laid_off: bool
    disabled: bool
    received_before: bool
    household_members_registered: int
    on_aid_list: bool = False

    @property
    def lost_work(self) -> bool:
        return self.laid_off or self.occupation in {"laid_off", "furloughed"}

    @property
    def remote(self) -> bool:
        return self.village_is_blank_spot or self.remote_statement


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """One dated set of rules. articles: for each rule that applies, where it is written."""

    code: str
    valid_from: date
    valid_to: date | None
    min_age: int
    max_age: int | None
    household_limit: int
    excludes_aid_recipients: bool
    excluded_offices: frozenset[str]
    offer_days: int
    min_hours: int
    articles: Mapping[str, str]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """From code, valid_from, valid_to (ISO dates, valid_to may be None) and rules; other keys are ignored.

        Raises KeyError or TypeError when a rule is missing or unknown, ValueError when one has no article
        or an office is unknown.
        """
        rules = {**data["rules"], "excluded_offices": frozenset(data["rules"]["excluded_offices"])}
        return cls(
            code=data["code"],
            valid_from=date.fromisoformat(data["valid_from"]),
            valid_to=date.fromisoformat(data["valid_to"]) if data["valid_to"] else None,
            **rules,
        )

    def __post_init__(self) -> None:
        if not self.excluded_offices <= OFFICES:
            raise ValueError(f"rule set {self.code} excludes unknown offices")
        inactive = {"max_age"} if self.max_age is None else set()
        if not self.excludes_aid_recipients:
            inactive.add("aid_list")
        without = FAILURES.keys() - inactive - self.articles.keys()
        if without:
            raise ValueError(f"rule set {self.code} gives no article for: {', '.join(sorted(without))}")

    def in_force(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, kw_only=True)
class Areas:
    """The lists of places that open a cluster, as in force on the day of the decision."""

    borobudur_villages: frozenset[int]
    borobudur_regencies: frozenset[int]
    phk_regencies: frozenset[int]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """eligible: no rule failed. failures: (rule, article) in a fixed order, all of them.

    entitlement: why the offline route is open; empty closes every cluster.
    clusters, groups: bit sets. cluster_reasons: per cluster, by index, the code why or why not.
    rules: the rule set that decided.
    """

    failures: tuple[tuple[str, str], ...]
    entitlement: tuple[str, ...]
    clusters: Cluster
    cluster_reasons: tuple[str, str, str, str]
    groups: Group
    rules: RuleSet

    @property
    def eligible(self) -> bool:
        return not self.failures


_ = str  # marks the sentences for makemessages; explain() translates and fills them in

FAILURES: dict[str, str] = {
    "citizen": _(
        "Program ini untuk warga negara Indonesia yang memiliki KTP. Bila data ini keliru, bawa KTP Anda ke "
        "kantor dinas."
    ),
    "min_age": _("Peserta paling muda {min_age} tahun. Anda dapat mendaftar mulai ulang tahun ke-{min_age}."),
    "max_age": _("Peserta paling tua {max_age} tahun. Kantor dinas dapat menunjukkan pelatihan lain untuk Anda."),
    "in_education": _("Peserta tidak sedang bersekolah atau kuliah. Anda dapat mendaftar setelah lulus atau berhenti."),
    "excluded_office": _(
        "Jabatan yang Anda isi tidak dapat menerima Kartu Prakerja. Bila Anda sudah tidak menjabat, perbaiki "
        "isian pekerjaan."
    ),
    "received_before": _(
        "Kartu Prakerja diberikan sekali seumur hidup dan Anda tercatat pernah menerimanya. Bila keliru, "
        "ajukan pengaduan."
    ),
    "household_limit": _(
        "Paling banyak {household_limit} orang dalam satu kartu keluarga. Bila kartu keluarga Anda sudah "
        "berubah, bawa yang baru ke kantor dinas."
    ),
    "aid_list": _(
        "Anda tercatat sebagai penerima bantuan lain. Bila keliru, tanyakan ke Kementerian Sosial atau kantor dinas."
    ),
    "offline_entitlement": _(
        "Kuota luring untuk warga desa terpencil atau tanpa sinyal, atau yang belum terbiasa dengan perangkat"
        " digital. Anda dapat mendaftar lewat jalur daring."
    ),
    "no_cluster": _(
        "Anda belum termasuk salah satu klaster kuota luring. Anda dapat mendaftar lewat jalur daring, atau "
        "memperbaiki isian Anda."
    ),
}

ENTITLEMENTS: dict[str, str] = {
    "blank_spot": _("Desa Anda ada di daftar desa terpencil atau tanpa sinyal."),
    "remote_statement": _("Anda menyatakan tinggal di tempat terpencil atau tanpa sinyal."),
    "unfamiliar_digital": _("Anda menyatakan belum terbiasa dengan perangkat digital."),
}

CLUSTER_REASONS: dict[str, str] = {
    "pmi_candidate": _("Klaster PMI: ya, Anda calon pekerja migran Indonesia."),
    "pmi_not": _("Klaster PMI: tidak, Anda tidak tercatat sebagai calon pekerja migran Indonesia."),
    "borobudur_village": _("Klaster Borobudur: ya, desa Anda termasuk kawasan Borobudur."),
    "borobudur_regency": _("Klaster Borobudur: ya, kabupaten/kota Anda termasuk kawasan Borobudur."),
    "borobudur_not": _("Klaster Borobudur: tidak, tempat tinggal Anda di luar kawasan Borobudur."),
    "phk_person": _("Klaster PHK: ya, Anda terkena PHK atau dirumahkan."),
    "phk_regency": _("Klaster PHK: ya, kabupaten/kota Anda termasuk daerah PHK."),
    "phk_not": _("Klaster PHK: tidak, Anda tidak terkena PHK atau dirumahkan dan tidak tinggal di daerah PHK."),
    "afirmasi_woman": _("Klaster afirmasi: ya, untuk perempuan."),
    "afirmasi_disability": _("Klaster afirmasi: ya, untuk penyandang disabilitas."),
    "afirmasi_not": _("Klaster afirmasi: tidak, klaster ini untuk perempuan dan penyandang disabilitas."),
    "not_entitled": _("Klaster terbuka setelah ada alasan memakai jalur luring."),
}

ELIGIBLE = _("Anda memenuhi syarat kuota luring.")
NOT_ELIGIBLE = _("Anda belum memenuhi syarat kuota luring.")
BASIS = _("Dasar: {article}.")


def decide(facts: Facts, rules: RuleSet, areas: Areas, on: date) -> Decision:
    """Judge one person by one rule set on one day; every failure is named, not only the first.

    Raises ValueError when the rule set is not in force on that day, or the occupation is no known code
    (a misspelt office must not pass as no office).
    """
    if not rules.in_force(on):
        raise ValueError(f"rule set {rules.code} is not in force on {on}")
    if facts.occupation not in OCCUPATIONS:
        raise ValueError(f"unknown occupation code: {facts.occupation!r}")
    entitlement = _entitlement(facts)
    clusters, reasons = _clusters(facts, areas) if entitlement else (Cluster(0), ("not_entitled",) * 4)
    age = age_on(facts.birth_date, on)
    failed = {
        "citizen": not facts.citizen,
        "min_age": age < rules.min_age,
        "max_age": rules.max_age is not None and age > rules.max_age,
        "in_education": facts.in_education,
        "excluded_office": facts.occupation in rules.excluded_offices,
        "received_before": facts.received_before,
        "household_limit": facts.household_members_registered >= rules.household_limit,
        "aid_list": rules.excludes_aid_recipients and facts.on_aid_list,
        "offline_entitlement": not entitlement,
        "no_cluster": bool(entitlement) and not clusters,
    }
    return Decision(
        failures=tuple((rule, rules.articles[rule]) for rule, fails in failed.items() if fails),
        entitlement=entitlement,
        clusters=clusters,
        cluster_reasons=reasons,
        groups=_groups(facts),
        rules=rules,
    )


def explain(decision: Decision, translate: Callable[[str], str] = str) -> list[str]:
    """The decision in sentences: result, then what failed with its article and what to do, or why it holds.

    The sentences are Indonesian msgids; pass gettext as `translate` for the language of the page.
    """
    rules = decision.rules
    numbers = {"min_age": rules.min_age, "max_age": rules.max_age, "household_limit": rules.household_limit}
    sentences = [translate(ELIGIBLE if decision.eligible else NOT_ELIGIBLE)]
    sentences += [
        f"{translate(FAILURES[rule]).format(**numbers)} {translate(BASIS).format(article=article)}"
        for rule, article in decision.failures
    ]
    if decision.entitlement:
        sentences += [translate(ENTITLEMENTS[code]) for code in decision.entitlement]
        sentences += [translate(CLUSTER_REASONS[code]) for code in decision.cluster_reasons]
    return sentences


def age_on(birth_date: date, on: date) -> int:
    """Completed years; someone born on 29 February completes one on 1 March of a common year."""
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def _entitlement(facts: Facts) -> tuple[str, ...]:
    holds = {
        "blank_spot": facts.village_is_blank_spot,
        "remote_statement": facts.remote_statement,
        "unfamiliar_digital": facts.unfamiliar_digital,
    }
    return tuple(code for code, true in holds.items() if true)


def _clusters(facts: Facts, areas: Areas) -> tuple[Cluster, tuple[str, str, str, str]]:
    pmi = "pmi_candidate" if facts.pmi_candidate else "pmi_not"
    if facts.village_id in areas.borobudur_villages:
        borobudur = "borobudur_village"
    elif facts.regency_id in areas.borobudur_regencies:
        borobudur = "borobudur_regency"
    else:
        borobudur = "borobudur_not"
    if facts.lost_work:
        phk = "phk_person"
    elif facts.regency_id in areas.phk_regencies:
        phk = "phk_regency"
    else:
        phk = "phk_not"
    if facts.sex == "F":
        afirmasi = "afirmasi_woman"
    elif facts.disabled:
        afirmasi = "afirmasi_disability"
    else:
        afirmasi = "afirmasi_not"
    reasons = (pmi, borobudur, phk, afirmasi)
    open_to = (cluster for cluster, reason in zip(Cluster, reasons, strict=True) if not reason.endswith("_not"))
    return Cluster(sum(open_to)), reasons


def _groups(facts: Facts) -> Group:
    holds = {
        Group.WOMEN: facts.sex == "F",
        Group.DISABILITY: facts.disabled,
        Group.LAID_OFF: facts.lost_work,
        Group.REMOTE: facts.remote,
    }
    return Group(sum(group for group, true in holds.items() if true))
