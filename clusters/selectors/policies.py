"""The rules of the split for reading: their versions, and the indicators they may name."""

from django.db.models import QuerySet

from accounts.scope import Scope
from clusters.models import Indicator, Observation, QuotaPolicy
from clusters.policy import BadRules, Rules
from clusters.selectors.figures import PERSONS

FIELDS = [field.attname for field in QuotaPolicy._meta.concrete_fields]


def policy_versions(scope: Scope) -> QuerySet[QuotaPolicy]:
    """Those stored, highest first, each with its author's name; web requests read no more of a user. Version 0 is in the code."""
    return QuotaPolicy.objects.within(scope).select_related("author").only(*FIELDS, "author__name")


def known_indicators(*, countable: bool = False) -> dict[str, str]:
    """By code: the catalogue with its names, or where there is none, what was published (names ""). countable: only what a
    formula may sum: persons, and percentages of persons, which become persons (selectors.figures).
    """
    catalogue = list(Indicator.objects.all())
    if catalogue:
        return {found.code: found.name for found in catalogue if not countable or found.unit == PERSONS or found.of}
    published = Observation.objects.current().published()
    if countable:
        published = published.filter(unit=PERSONS)
    return dict.fromkeys(published.order_by("indicator").values_list("indicator", flat=True).distinct(), "")


def check_indicators(wanted: Rules, current: Rules) -> None:
    """A formula names what counts persons. What the rules that count name already stays allowed: the shipped ones name figures
    that may not be published yet. Raises BadRules. One query, and none where nothing new is named.
    """
    named = _named(current).keys()
    if named >= _named(wanted).keys():
        return
    known = known_indicators(countable=True).keys() | named
    for name, cluster in sorted(_named(wanted).items()):
        if name not in known:
            raise BadRules(f"formulas.{cluster}.use.{name}", "unknown_indicator")


def _named(rules: Rules) -> dict[str, str]:
    """The indicators of all formulas, each with a cluster that names it."""
    return {name: code for code, formula in rules.formulas.items() for use in formula.use for name in use}
