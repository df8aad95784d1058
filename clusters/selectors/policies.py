"""The rules of the split for reading: their versions, and the indicators they may name."""

from django.db.models import QuerySet

from accounts.scope import Scope
from clusters.models import Indicator, Observation, QuotaPolicy

FIELDS = [field.attname for field in QuotaPolicy._meta.concrete_fields]


def policy_versions(scope: Scope) -> QuerySet[QuotaPolicy]:
    """Those stored, highest first, each with its author's name; web requests read no more of a user. Version 0 is in the code."""
    return QuotaPolicy.objects.within(scope).select_related("author").only(*FIELDS, "author__name")


def known_indicators() -> dict[str, str]:
    """What a formula may name, by code: the catalogue with its names, or where there is none, what was published (names "")."""
    catalogue = {indicator.code: indicator.name for indicator in Indicator.objects.all()}
    if catalogue:
        return catalogue
    published = Observation.objects.current().filter(wave=None, cluster=None)
    return dict.fromkeys(published.order_by("indicator").values_list("indicator", flat=True).distinct(), "")
