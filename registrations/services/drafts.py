"""Keeping a registration that is being filled in, opening it again elsewhere, and making the registration of it."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.db import connection, transaction

from accounts.scope import Scope
from accounts.services import enter_scope
from clusters.models import Wave
from records.fields import BlindIndexField
from registrations.models import Applicant, Assistance, Draft, Registration
from registrations.selectors.drafts import NOTHING, SavedPage, pages_of
from registrations.selectors.waves import next_wave, open_waves
from registrations.services import evidence, intake
from registrations.services.corrections import Correction, correct
from registrations.services.receipts import ALPHABET, NumberSource, Receipt, normalise_code, random_numbers, secret_code
from registrations.services.validation import Answers, Person

CODE_LENGTH = 12  # 60 bits of ALPHABET: the code opens alone, since a birth date may not be filled in yet
KEPT = timedelta(days=180)


class NoSuchDraft(Exception):
    """No draft is there: the code is unknown, the draft became a registration, or its time is over. Never says which."""


class ChangedElsewhere(Exception):
    """The page, or the draft, was saved since it was shown; `draft` is as it stands, and nothing was changed."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(str(draft.pk))
        self.draft = draft


@transaction.atomic
def save_page(
    *,
    scope: Scope,
    page: str,
    answers: Mapping[str, str],
    complete: bool,
    shown: int,
    pages: Sequence[str],
    now: datetime,
) -> Draft:
    """Keep `answers` as this page of the scope's draft; begin a draft where the scope has opened none.

    `shown`: the draft's revision when the page was shown, 0 before there was a draft. `pages`: all there are, in order.
    Afterwards the transaction's scope includes the draft. Raises NoSuchDraft and, unless these very answers stand already,
    ChangedElsewhere.
    """
    draft = _locked(scope) or _begun(scope, now)
    saved = pages_of(draft)
    before = saved.get(page, NOTHING)
    if before.revision > shown:
        if before.answers == answers:  # sent twice
            return draft
        raise ChangedElsewhere(draft)
    draft.revision += 1
    saved[page] = SavedPage(dict(answers), complete, draft.revision)
    draft.pages = _sealable(saved)
    draft.step = next((slug for slug in pages if not saved.get(slug, NOTHING).complete), "")
    draft.saved_at = now
    if draft.assistance_id is None:  # an office's right to fill in for somebody ends on its day
        draft.expires_at = _end(now)
    draft.save(force_update=True)
    return draft


@transaction.atomic
def begin(
    *,
    scope: Scope,
    registration: Registration | None,
    filled: Mapping[str, tuple[Mapping[str, str], bool]],
    now: datetime,
) -> Draft:
    """A draft of the known applicant with what is known of every page: (answers, complete). One that stands already is kept.

    With a `registration`, which is the applicant's, it is to be corrected.
    """
    draft = Draft(
        applicant_id=scope.applicant_id, registration=registration, revision=1, saved_at=now, expires_at=_end(now)
    )
    draft.pages = _sealable(
        {page: SavedPage(dict(answers), complete, 1) for page, (answers, complete) in filled.items()}
    )
    draft.step = next((page for page, (_answers, complete) in filled.items() if not complete), "")
    Draft.objects.bulk_create([draft], ignore_conflicts=True)
    return Draft.objects.get(applicant_id=cast(UUID, scope.applicant_id), registration=registration)


@transaction.atomic
def new_code(*, scope: Scope) -> str:
    """A code that opens the scope's draft on any device, to be shown once; the former one opens nothing any more.

    Raises NoSuchDraft, also for the draft of a known applicant, who comes back by number, secret code and birth date.
    """
    draft = _locked(scope)
    if draft is None or draft.applicant_id:
        raise NoSuchDraft
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    draft.code_index = _code_index(code)
    draft.save(update_fields=["code_index"])
    return code


def begin_for(*, assistance: Assistance, step: str, now: datetime) -> None:
    """An empty draft that this office fills in, from the page `step` on. Ends with the right to do so."""
    draft = Draft(assistance=assistance, step=step, revision=0, saved_at=now, expires_at=assistance.ends_at)
    draft.pages = _sealable({})
    draft.save(force_insert=True)


def open_draft(*, scope: Scope, code: str, now: datetime) -> UUID:
    """The draft that this code opens; the transaction's scope includes it from now on. Raises NoSuchDraft."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT registrations_find_draft(%s, %s)", [_code_index(code), now])
        draft_id: UUID | None = cursor.fetchone()[0]
    if draft_id is None:
        raise NoSuchDraft
    enter_scope(scope.with_draft(draft_id))
    return draft_id


@transaction.atomic
def finish(
    *,
    scope: Scope,
    draft: Draft,
    entered: Person | Answers,
    wave: Wave,
    join: bool,
    now: datetime,
    language: str,
    number_source: NumberSource = random_numbers,
) -> Receipt:
    """Make the registration of what stands in `draft` and delete the draft; `join` its draw too. All of it, or nothing.

    `entered` has passed all checks: a Person, or the Answers of the draft's known applicant. The draft's id is the
    idempotency key: sent again, also at the same moment, the answer is the same receipt.
    Raises ChangedElsewhere, NoSuchDraft, and what `intake.register` raises.
    """
    submission: dict[str, Any] = {
        "scope": scope,
        "wave": wave,
        "idempotency_key": draft.pk,
        "now": now,
        "language": language,
        "number_source": number_source,
    }
    current = _locked(scope)
    if current is None:
        return sent_again(scope=scope, draft_id=draft.pk, join=join, now=now)
    if current.revision != draft.revision:
        raise ChangedElsewhere(current)
    if isinstance(entered, Person):
        receipt = intake.register(person=entered, **submission)
    else:
        receipt = intake.register_again(applicant=cast(Applicant, current.applicant), answers=entered, **submission)
    evidence.carry(draft=current, registration_id=receipt.registration_id)
    current.delete()
    if join:
        _join(scope, receipt, now)
    return receipt


@transaction.atomic
def finish_correction(
    *, scope: Scope, draft: Draft, correction: Correction, now: datetime, language: str
) -> frozenset[str]:
    """Correct the registration of `draft` and delete the draft; the names of what changed, none when it was sent before.

    Raises ChangedElsewhere, and what `corrections.correct` raises.
    """
    current = _locked(scope)
    if current is None:
        return frozenset()
    if current.revision != draft.revision:
        raise ChangedElsewhere(current)
    changed = correct(scope=scope, correction=correction, key=draft.pk, now=now, language=language)
    current.delete()
    return changed


@transaction.atomic
def sent_again(*, scope: Scope, draft_id: UUID, join: bool, now: datetime) -> Receipt:
    """The receipt of what this draft, which the scope had opened, became; joined now, where that is asked only now.

    Raises NoSuchDraft where it became nothing, and WaveNotOpen.
    """
    enter_scope(scope.with_draft(draft_id))
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM registrations_find_sent()")
        found = cursor.fetchone()
    if found is None:
        raise NoSuchDraft
    applicant_id, registration_id, number = found
    receipt = Receipt(
        applicant_id=applicant_id,
        registration_id=registration_id,
        number=number,
        code=secret_code(draft_id),
        created=False,
    )
    if join:
        _join(scope, receipt, now)
    return receipt


def clear_drafts(*, now: datetime) -> int:
    """Delete drafts whose time is over, with all that belongs to them, and that an office meant to help with them; how many
    drafts. For a job.
    """
    _rows, by_table = Draft.objects.filter(expires_at__lte=now).delete()
    Assistance.objects.filter(ends_at__lte=now, registration__isnull=True).delete()
    return by_table.get("registrations.Draft", 0)


def _join(scope: Scope, receipt: Receipt, now: datetime) -> None:
    own = scope.as_applicant(receipt.applicant_id)
    enter_scope(own)
    intake.join(scope=own, registration_id=receipt.registration_id, now=now)


def _locked(scope: Scope) -> Draft | None:
    return Draft.objects.within(scope).select_for_update(of=("self",)).first()


def _begun(scope: Scope, now: datetime) -> Draft:
    """A new draft, locked: of the known applicant, once however many ask at this moment, or of somebody new."""
    if scope.draft_id:
        raise NoSuchDraft
    draft = Draft(applicant_id=scope.applicant_id, revision=0, saved_at=now, expires_at=_end(now))
    draft.pages = _sealable({})
    mine = scope if scope.applicant_id else scope.with_draft(draft.pk)
    enter_scope(mine)
    Draft.objects.bulk_create([draft], ignore_conflicts=True)
    found = _locked(mine)
    if found is None:
        raise NoSuchDraft
    return found


def _end(now: datetime) -> datetime:
    """So long after the close of the wave that is open or comes next; where none is announced, after today."""
    wave = open_waves(now).first() or next_wave(now)
    return (wave.closes_at if wave else now) + KEPT


def _code_index(code: str) -> bytes:
    return BlindIndexField.of("code", f"draft|{normalise_code(code)}")


def _sealable(pages: Mapping[str, SavedPage]) -> str:
    return json.dumps({page: asdict(saved) for page, saved in pages.items()})
