"""Which papers bear out what somebody stated, and which of them are there."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from accounts.scope import Scope
from registrations.models import CLAIM_WORDS, PAPER_WORDS, Disability, Draft, Evidence, Registration

MOST_FILES = 5  # for one claim
QUESTIONS = {"pmi": "pmi_candidate", "laid_off": "laid_off", "disability": "disability"}


@dataclass(frozen=True)
class Asked:
    """One claim with the files that are there for it, without their content."""

    claim: str
    files: list[Evidence]

    @property
    def title(self) -> str:
        return str(CLAIM_WORDS[self.claim])

    @property
    def paper(self) -> str:
        return str(PAPER_WORDS[self.claim])

    @property
    def missing(self) -> bool:
        """Nothing is there that may still be found right."""
        return all(file.verdict == Evidence.Verdict.REFUSED for file in self.files)

    @property
    def full(self) -> bool:
        return len(self.files) >= MOST_FILES


def claims_in(answers: Mapping[str, str]) -> list[str]:
    """The claims among what was typed so far, by the names of the controls."""
    return [claim for claim, question in QUESTIONS.items() if answers.get(question) == "ya"]


def claims_of(registration: Registration, scope: Scope) -> list[str]:
    """The claims of a registration; that of a disability only for the person, who alone may read it."""
    stated = {"pmi": registration.pmi_candidate, "laid_off": registration.laid_off}
    if registration.applicant_id == scope.applicant_id:
        stated["disability"] = Disability.objects.filter(applicant_id=scope.applicant_id, stated=True).exists()
    return [claim for claim, holds in stated.items() if holds]


def asked_of_draft(*, scope: Scope, draft: Draft | None, claims: list[str]) -> list[Asked]:
    mine = Evidence.objects.within(scope).filter(draft=draft) if draft else Evidence.objects.none()
    return _asked(list(mine.defer("content").order_by("added_at", "pk")), claims)


def asked_of(*, scope: Scope, registration: Registration) -> list[Asked]:
    """Also of claims that are no longer made, where files are there."""
    mine = Evidence.objects.within(scope).filter(registration=registration)
    files = list(mine.defer("content").order_by("added_at", "pk"))
    claims = {file.claim for file in files} | set(claims_of(registration, scope))
    return _asked(files, [claim for claim in QUESTIONS if claim in claims])


def sent_by_others(*, scope: Scope, registration: Registration, asked: list[Asked]) -> set[UUID]:
    """The files of `asked` that somebody else whom the scope sees has sent too, byte for byte."""
    files = {bytes(file.digest): file.pk for each in asked for file in each.files}
    elsewhere = Evidence.objects.within(scope).filter(digest__in=list(files), registration__isnull=False)
    found = elsewhere.exclude(registration__applicant=registration.applicant_id).values_list("digest", flat=True)
    return {files[bytes(digest)] for digest in found}


def _asked(files: list[Evidence], claims: list[str]) -> list[Asked]:
    return [Asked(claim, [file for file in files if file.claim == claim]) for claim in claims]
