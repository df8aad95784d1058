"""The rule sets that ship with the portal. Tables of reference data are clusters.resources."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction

from clusters.models import RuleSet


class RulesWouldChange(Exception):
    """A stored rule set is never rewritten, since decisions pin it: a change comes under a new code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"rule set {code} is stored with other content; give the change a new code")


@transaction.atomic
def store_rule_sets(*, rule_sets: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """Add rule sets (code, name, valid_from, valid_to, rules, source); count those "added", "changed" and "unchanged".

    Raises RulesWouldChange for a stored code whose content differs; only its end date may be set later.
    """
    counts: Counter[str] = Counter()
    stored = {rule_set.code: rule_set for rule_set in RuleSet.objects.all()}
    for data in rule_sets:
        valid_to = date.fromisoformat(data["valid_to"]) if data["valid_to"] else None
        content = {
            "name": data["name"],
            "valid_from": date.fromisoformat(data["valid_from"]),
            "rules": data["rules"],
            "source": data["source"],
        }
        old = stored.get(data["code"])
        if old is None:
            RuleSet.objects.create(code=data["code"], valid_to=valid_to, **content)
            counts["added"] += 1
        elif any(getattr(old, field) != value for field, value in content.items()):
            raise RulesWouldChange(data["code"])
        elif old.valid_to != valid_to:
            old.valid_to = valid_to
            old.save(update_fields=["valid_to"])
            counts["changed"] += 1
        else:
            counts["unchanged"] += 1
    return counts
