"""The tree of decrees: the country, the province, its clusters and regencies."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from clusters.models import QuotaDecision


@dataclass(frozen=True, slots=True)
class DecisionNode:
    """A decree in the tree of those that stand. given: places that its parts say, None where none says any."""

    decision: QuotaDecision
    depth: int
    given: int | None


def decision_tree() -> list[DecisionNode]:
    """Every decree that no later one replaces, each after the one it is a part of. One query."""
    decisions = QuotaDecision.objects.standing().select_related("cluster", "regency")
    parts: defaultdict[UUID | None, list[QuotaDecision]] = defaultdict(list)
    ordered = decisions.order_by("-decree_date", "cluster_id", "regency_id", "-pk")
    standing = {decision.pk for decision in ordered}
    for decision in ordered:
        parts[decision.parent_id if decision.parent_id in standing else None].append(decision)

    def walk(parent: UUID | None, depth: int) -> Iterator[DecisionNode]:
        for decision in parts[parent]:
            said = [part.total for part in parts[decision.pk] if part.total is not None]
            yield DecisionNode(decision, depth, sum(said) if said else None)
            yield from walk(decision.pk, depth + 1)

    return list(walk(None, 0))
