"""The decision: facts, of which some may not be known yet, held against one dated set of rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntFlag
from typing import Any, Literal, NamedTuple, Self

OFFICES = frozenset({"asn", "tni", "polri", "state_official", "dprd", "village_head", "bumn_board"})
OCCUPATIONS = OFFICES | {"jobseeker", "laid_off", "furloughed", "worker", "non_wage", "micro_business"}

# Yes, no, or None: cannot be told yet.
Answer = bool | None

# Every rule and the facts it looks at, in the order in which failures are named.
RULES: dict[str, tuple[str, ...]] = {
    "citizen": ("citizen",),
    "min_age": ("birth_date",),
    "max_age": ("birth_date",),
    "in_education": ("in_education",),
    "excluded_office": ("occupation",),
    "received_before": ("received_before",),
    "household_limit": ("household_members_registered",),
    "aid_list": ("on_aid_list",),
    "offline_entitlement": ("village_is_blank_spot", "remote_statement", "unfamiliar_digital"),
    "no_cluster": (),  # looks at what its clusters look at
}
CLUSTER_FACTS: dict[str, tuple[str, ...]] = {
    "PMI": ("pmi_candidate",),
    "BOROBUDUR": ("village_id", "regency_id"),
    "PHK": ("laid_off", "occupation", "regency_id"),
    "AFIRMASI": ("sex", "disabled"),
}
# Rules of which one of several things is enough, and these things.
ALTERNATIVES: dict[str, tuple[str, ...]] = {
    "offline_entitlement": ("blank_spot", "remote_statement", "unfamiliar_digital"),
    "no_cluster": tuple(CLUSTER_FACTS),
}
# The kinds of lists of people, and the rule or the cluster that each decides: a rule fails, a cluster opens.
LISTS = {
    "laid_off": "PHK",
    "cpmi": "PMI",
    "aid_recipient": "aid_list",
    "in_education": "in_education",
    "excluded": "received_before",
}


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


class Listing(NamedTuple):
    """Somebody is on a list: its kind (LISTS), who keeps it, and the day as of which it lists people."""

    kind: str
    source: str
    day: date


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of an applicant on the day of the decision; None is not known yet. Regions are those of domicile, never
    of the NIK.

    household_members_registered: other people of the same family card who are registered or received the card.
    laid_off: own statement; the occupations laid_off and furloughed say the same.
    on_aid_list: on a list of aid (DTKS, BSU, BPUM) that a rule set may exclude.
    listings: the lists that the person is on. A list weighs more than the own statement.
    """

    birth_date: date | None
    sex: Literal["F", "M"] | None
    citizen: Answer
    in_education: Answer
    occupation: str | None
    village_id: int | None
    regency_id: int | None
    village_is_blank_spot: Answer
    remote_statement: Answer
    unfamiliar_digital: Answer
    pmi_candidate: Answer
    laid_off: Answer
    disabled: Answer
    received_before: Answer
    household_members_registered: int | None
    on_aid_list: Answer = None
    listings: tuple[Listing, ...] = ()

    def on_list(self, kind: str) -> bool:
        return any(listing.kind == kind for listing in self.listings)

    @property
    def lost_work(self) -> Answer:
        by_occupation = None if self.occupation is None else self.occupation in {"laid_off", "furloughed"}
        return _any([self.on_list("laid_off"), self.laid_off, by_occupation])

    @property
    def remote(self) -> Answer:
        return _any([self.village_is_blank_spot, self.remote_statement])


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
        without = set(self.active) - self.articles.keys()
        if without:
            raise ValueError(f"rule set {self.code} gives no article for: {', '.join(sorted(without))}")

    @property
    def active(self) -> tuple[str, ...]:
        """The rules that this set applies, in the order of RULES."""
        inactive = {"max_age"} if self.max_age is None else set()
        if not self.excludes_aid_recipients:
            inactive.add("aid_list")
        return tuple(rule for rule in RULES if rule not in inactive)

    @property
    def numbers(self) -> dict[str, int | None]:
        """The figures that sentences about the rules name."""
        return {"min_age": self.min_age, "max_age": self.max_age, "household_limit": self.household_limit}

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
    """failures: (rule, article) in a fixed order, all of them.

    unknown: (rule or cluster, the facts it still needs) for each that cannot be told yet.
    changes: the smallest set of things that would have to be different for a yes: one thing of each tuple.
    entitlement: why the offline route is open; empty closes every cluster.
    clusters, groups: bit sets of what is certain. cluster_reasons: per cluster, by index, the code why or why not.
    lists: the lists on which any of this rests. rules: the rule set that decided.
    """

    failures: tuple[tuple[str, str], ...]
    unknown: tuple[tuple[str, tuple[str, ...]], ...]
    changes: tuple[tuple[str, ...], ...]
    entitlement: tuple[str, ...]
    clusters: Cluster
    cluster_reasons: tuple[str, str, str, str]
    groups: Group
    lists: tuple[Listing, ...]
    rules: RuleSet

    @property
    def eligible(self) -> bool:
        """No rule says no. What cannot be told yet stops nobody; `answer` tells the difference."""
        return not self.failures

    @property
    def answer(self) -> Answer:
        if self.failures:
            return False
        return None if any(code in RULES for code, _missing in self.unknown) else True


def decide(facts: Facts, rules: RuleSet, areas: Areas, on: date) -> Decision:
    """Judge one person by one rule set on one day; every failure is named, not only the first.

    Raises ValueError when the rule set is not in force on that day, or the occupation or the kind of a list is no known code
    (a misspelt office must not pass as no office).
    """
    if not rules.in_force(on):
        raise ValueError(f"rule set {rules.code} is not in force on {on}")
    if facts.occupation is not None and facts.occupation not in OCCUPATIONS:
        raise ValueError(f"unknown occupation code: {facts.occupation!r}")
    if unknown_kinds := {listing.kind for listing in facts.listings} - LISTS.keys():
        raise ValueError(f"unknown kinds of list: {', '.join(sorted(unknown_kinds))}")
    entitled, entitlement = _entitlement(facts)
    fitting = _clusters(facts, areas)
    fits_one = _any(fits for fits, _reason in fitting)
    passes = _passes(facts, rules, on) | {
        "offline_entitlement": entitled,
        "no_cluster": True if entitled is False else fits_one,  # without entitlement no cluster is asked for
    }
    failed = [rule for rule in rules.active if passes[rule] is False]
    reasons = ("not_entitled",) * 4 if entitled is False else tuple(reason for _fits, reason in fitting)
    open_to = [cluster for cluster, (fits, _) in zip(Cluster, fitting, strict=True) if fits] if entitled else []
    return Decision(
        failures=tuple((rule, rules.articles[rule]) for rule in failed),
        unknown=_unknown(facts, [rule for rule in rules.active if passes[rule] is None], reasons),
        changes=tuple(
            ALTERNATIVES.get(rule, (rule,))
            for rule in rules.active
            if rule in failed or (rule == "no_cluster" and fits_one is False)
        ),
        entitlement=entitlement,
        clusters=Cluster(sum(open_to)),
        cluster_reasons=(reasons[0], reasons[1], reasons[2], reasons[3]),
        groups=_groups(facts),
        lists=tuple(sorted(one for one in facts.listings if LISTS[one.kind] in {*rules.active, *CLUSTER_FACTS})),
        rules=rules,
    )


def age_on(birth_date: date, on: date) -> int:
    """Completed years; someone born on 29 February completes one on 1 March of a common year."""
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def _any(answers: Iterable[Answer]) -> Answer:
    """Yes when one is yes; no when all are no; else not known (Kleene)."""
    given = list(answers)
    return True if True in given else None if None in given else False


def _not(answer: Answer) -> Answer:
    return None if answer is None else not answer


def _passes(facts: Facts, rules: RuleSet, on: date) -> dict[str, Answer]:
    age = None if facts.birth_date is None else age_on(facts.birth_date, on)
    others = facts.household_members_registered
    return {
        "citizen": facts.citizen,
        "min_age": None if age is None else age >= rules.min_age,
        "max_age": None if age is None else rules.max_age is None or age <= rules.max_age,
        "in_education": _not(_any([facts.on_list("in_education"), facts.in_education])),
        "excluded_office": None if facts.occupation is None else facts.occupation not in rules.excluded_offices,
        "received_before": _not(_any([facts.on_list("excluded"), facts.received_before])),
        "household_limit": None if others is None else others < rules.household_limit,
        "aid_list": _not(_any([facts.on_list("aid_recipient"), facts.on_aid_list])),
    }


def _entitlement(facts: Facts) -> tuple[Answer, tuple[str, ...]]:
    holds = {
        "blank_spot": facts.village_is_blank_spot,
        "remote_statement": facts.remote_statement,
        "unfamiliar_digital": facts.unfamiliar_digital,
    }
    return _any(holds.values()), tuple(code for code, true in holds.items() if true)


def _clusters(facts: Facts, areas: Areas) -> list[tuple[Answer, str]]:
    """For each cluster whether the person fits, and the code why or why not."""
    ways: dict[str, dict[str, Answer]] = {
        "pmi": {"pmi_candidate": _any([facts.on_list("cpmi"), facts.pmi_candidate])},
        "borobudur": {
            "borobudur_village": _within(facts.village_id, areas.borobudur_villages),
            "borobudur_regency": _within(facts.regency_id, areas.borobudur_regencies),
        },
        "phk": {"phk_person": facts.lost_work, "phk_regency": _within(facts.regency_id, areas.phk_regencies)},
        "afirmasi": {
            "afirmasi_woman": None if facts.sex is None else facts.sex == "F",
            "afirmasi_disability": facts.disabled,
        },
    }
    fitting = []
    for cluster, reasons in ways.items():
        fits = _any(reasons.values())
        if fits:
            code = next(reason for reason, true in reasons.items() if true)
        else:
            code = f"{cluster}_unknown" if fits is None else f"{cluster}_not"
        fitting.append((fits, code))
    return fitting


def _within(place: int | None, area: frozenset[int]) -> Answer:
    """An area without places contains nobody, wherever they live."""
    return False if not area else None if place is None else place in area


def _unknown(facts: Facts, rules: list[str], reasons: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    clusters = [name for name, reason in zip(CLUSTER_FACTS, reasons, strict=True) if reason.endswith("_unknown")]
    needs = {
        **{rule: RULES[rule] for rule in rules},
        **{name: CLUSTER_FACTS[name] for name in clusters},
    }
    if "no_cluster" in needs:
        needs["no_cluster"] = tuple(fact for name in clusters for fact in CLUSTER_FACTS[name])
    return tuple(
        (code, tuple(dict.fromkeys(fact for fact in facts_of_it if getattr(facts, fact) is None)))
        for code, facts_of_it in needs.items()
    )


def _groups(facts: Facts) -> Group:
    holds = {
        Group.WOMEN: facts.sex == "F",
        Group.DISABILITY: facts.disabled,
        Group.LAID_OFF: facts.lost_work,
        Group.REMOTE: facts.remote,
    }
    return Group(sum(group for group, true in holds.items() if true))
