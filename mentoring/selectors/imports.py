"""The imports of an office."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import F

from accounts.scope import Scope
from records.models import Import
from records.models.imports import ImportQuerySet

PAGE_SIZE = 20


@dataclass(frozen=True)
class Page:
    """`after`: the import behind which the next page starts, where there is one."""

    rows: list[Import]
    after: UUID | None


def imports(scope: Scope) -> ImportQuerySet:
    """Those this scope sees, with `asker` and `decider`: of a colleague, web requests may read the name alone."""
    found: ImportQuerySet = Import.objects.within(scope).annotate(
        asker=F("asked_by__name"), decider=F("decided_by__name")
    )
    return found


def page_of(*, scope: Scope, after: UUID | None = None) -> Page:
    """Newest first. An id holds its moment, so it is the key of the list."""
    found = imports(scope).order_by("-pk")
    rows = list((found.filter(pk__lt=after) if after else found)[: PAGE_SIZE + 1])
    return Page(rows[:PAGE_SIZE], rows[PAGE_SIZE - 1].pk if len(rows) > PAGE_SIZE else None)


def same_file(*, scope: Scope, record: Import) -> Import | None:
    """The latest earlier import of the very same file that was taken."""
    return (
        Import.objects.within(scope)
        .filter(kind=record.kind, regency_id=record.regency_id, sha256=record.sha256, state=Import.State.DONE)
        .filter(pk__lt=record.pk)
        .order_by("-pk")
        .first()
    )
