"""What deliveries of reference data need beyond their tables: data sets with checksums, and rule sets."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from clusters.models import Dataset, RuleSet


class RulesWouldChange(Exception):
    """A stored rule set is never rewritten, since decisions pin it: a change comes under a new code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"rule set {code} is stored with other content; give the change a new code")


def new_dataset(*, name: str, publisher: str, content: bytes, now: datetime) -> Dataset:
    """An unsaved data set for a delivery of `content`.

    The SHA-256 also covers the checksum of the delivery before it, so that a return to earlier content is a delivery too.
    """
    before = Dataset.objects.filter(name=name).order_by("-as_of", "-id").values_list("checksum", flat=True).first()
    checksum = hashlib.sha256((before or "").encode() + content).hexdigest()
    return Dataset(name=name, publisher=publisher, checksum=checksum, as_of=now)


@transaction.atomic
def store_rule_sets(*, rule_sets: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """Add rule sets (code, name, valid_from, valid_to, rules, source); count those "added" and "unchanged".

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
