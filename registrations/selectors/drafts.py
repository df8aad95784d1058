"""The draft that a session works on, and what stands in it."""

import json
from dataclasses import dataclass

from accounts.scope import Scope
from registrations.models import Draft


@dataclass(frozen=True)
class SavedPage:
    """What was typed on a page and passed its checks, by the names of its controls.

    `complete`: nothing was wrong or missing; `revision`: that of the draft when this page was saved last.
    """

    answers: dict[str, str]
    complete: bool
    revision: int


NOTHING = SavedPage({}, complete=False, revision=0)


def draft_of(scope: Scope) -> Draft | None:
    return Draft.objects.within(scope).first()


def pages_of(draft: Draft | None) -> dict[str, SavedPage]:
    """By page."""
    return {page: SavedPage(**saved) for page, saved in json.loads(draft.pages.open()).items()} if draft else {}
