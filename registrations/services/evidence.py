"""Taking in photographed papers, in one piece or many; taking them back; and what the office says about them."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet

from accounts.scope import Scope
from records.fields import BlindIndexField, keyring
from records.pictures import MOST_BYTES, PictureRefused, redraw
from records.services.locks import take_turns
from records.services.log import record_event
from registrations.models import Draft, Evidence, EvidencePiece, EvidenceUpload, Registration
from registrations.selectors.evidence import MOST_FILES

MOST_UPLOADS = 3  # of one person at a time
MOST_PIECE = 512 * 1024
UPLOAD_KEPT = timedelta(days=1)

Owner = Draft | Registration


class NotTaken(Exception):
    """`code`: too_many, too_large (as in records.pictures), or changed: the bytes are not those that were announced."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class OwnerGone(Exception):
    """The draft became a registration, or its time is over."""


class WrongPlace(Exception):
    """The piece does not begin where the last one ended; `received` says where to go on."""

    def __init__(self, received: int) -> None:
        super().__init__(received)
        self.received = received


class VerdictChanged(Exception):
    """Somebody has decided since the page was shown."""


def add_evidence(*, scope: Scope, owner: Owner, claim: str, data: bytes, now: datetime) -> Evidence:
    """Keep the picture `data` as evidence of `claim`; the same file once more is the one that is there.

    Raises records.pictures.PictureRefused, NotTaken (too_many), OwnerGone.
    """
    content = redraw(data)  # before anything is locked
    digest = _digest_of(sha256(data).hexdigest())
    with transaction.atomic():
        of = _locked(scope, owner)
        there = Evidence.objects.within(scope).filter(**of, claim=claim)
        same: Evidence | None = there.defer("content").filter(digest=digest).first()
        if same:
            return same
        if there.count() >= MOST_FILES:
            raise NotTaken("too_many")
        evidence = Evidence(**of, claim=claim, digest=digest, added_at=now)
        evidence.content = keyring().encrypt_bytes("registrations.evidence.content", evidence.pk, content)
        evidence.save(force_insert=True)
        _record(scope, "added", evidence, now=now)
    return evidence


def remove_evidence(*, scope: Scope, evidence_id: UUID, now: datetime) -> Owner:
    """Take one's own file back, until the number takes part or the office has decided; whose it was.

    Raises Evidence.DoesNotExist, also where it can no longer be taken back.
    """
    mine = Evidence.objects.within(scope).filter(pk=evidence_id, verdict=Evidence.Verdict.WAITING)
    with transaction.atomic():
        evidence = mine.select_related("draft", "registration").defer("content").get()
        of = evidence.registration
        if of and (of.applicant_id != scope.applicant_id or of.state != Registration.State.REGISTERED):
            raise Evidence.DoesNotExist
        if not mine.delete()[0]:
            raise Evidence.DoesNotExist
        _record(scope, "removed", evidence, now=now)
    return _owner_of(evidence)


def begin_upload(
    *, scope: Scope, owner: Owner, claim: str, size: int, sha256_hex: str, now: datetime
) -> EvidenceUpload | Evidence:
    """An upload of this file, or the one that was begun and is to go on behind `received`; the evidence, if it is there.

    Raises NotTaken (too_large, too_many), OwnerGone.
    """
    if not 0 < size <= MOST_BYTES:
        raise NotTaken("too_large")
    with transaction.atomic():
        of = _locked(scope, owner)
        mine = EvidenceUpload.objects.within(scope).filter(**of)
        digest = _digest_of(sha256_hex)
        begun: EvidenceUpload | None = mine.filter(claim=claim, digest=digest, size=size).first()
        if begun:
            return begun
        there = Evidence.objects.within(scope).filter(**of, claim=claim)
        same: Evidence | None = there.defer("content").filter(digest=digest).first()
        if same:
            return same
        if there.count() >= MOST_FILES:
            raise NotTaken("too_many")
        for forgotten in mine.order_by("-expires_at", "-pk")[MOST_UPLOADS - 1 :]:
            forgotten.delete()
        mine.filter(claim=claim, digest=digest).delete()  # announced with another size
        return EvidenceUpload.objects.create(**of, claim=claim, digest=digest, size=size, expires_at=now + UPLOAD_KEPT)


def add_piece(*, scope: Scope, upload_id: UUID, start: int, data: bytes, now: datetime) -> EvidenceUpload | Evidence:
    """Keep the bytes from `start` on; the upload, or with the last of them the evidence, when the digest is as announced.

    Raises EvidenceUpload.DoesNotExist, WrongPlace, and what `add_evidence` raises; NotTaken (changed) for a wrong digest. A
    whole file that is not taken is gone.
    """
    mine = EvidenceUpload.objects.within(scope).filter(pk=upload_id)
    try:
        with transaction.atomic():
            return _add_piece(scope, mine, start, data, now)
    except (NotTaken, PictureRefused):
        mine.delete()
        raise


def decide_evidence(
    *, scope: Scope, evidence_id: UUID, verdict: str, reason: str, shown: str, now: datetime
) -> Evidence:
    """Say that the paper bears the claim out ("accepted") or not ("refused", with a reason); either may be changed later.

    `shown`: `shown_verdict` of what the member of staff has seen. Raises Evidence.DoesNotExist, PermissionDenied (no office),
    VerdictChanged.
    """
    if not scope.is_office:
        raise PermissionDenied
    with transaction.atomic():
        seen = Evidence.objects.within(scope).select_for_update(of=("self",)).defer("content")
        evidence: Evidence = seen.get(pk=evidence_id, registration__isnull=False)
        said = {"verdict": verdict, "reason": reason, "decided_by_id": scope.actor_id}
        if said == {field: getattr(evidence, field) for field in said}:  # sent twice
            return evidence
        if shown != shown_verdict(evidence):
            raise VerdictChanged
        for field, value in said.items():
            setattr(evidence, field, value)
        evidence.decided_at = now
        evidence.save(update_fields=["verdict", "reason", "decided_by", "decided_at"])
        _record(scope, verdict, evidence, reason=reason, now=now)
    return evidence


def shown_verdict(evidence: Evidence) -> str:
    """What stands in the form of who decides, to be compared when it comes back."""
    return evidence.decided_at.isoformat() if evidence.decided_at else ""


def carry(*, draft: Draft, registration_id: UUID) -> None:
    """The draft's files are the registration's from now on."""
    Evidence.objects.filter(draft=draft).update(draft=None, registration=registration_id)


def clear_uploads(*, now: datetime) -> int:
    """Delete uploads that nobody has gone on with; how many. For a job."""
    return EvidenceUpload.objects.filter(expires_at__lte=now).delete()[1].get("registrations.EvidenceUpload", 0)


def _add_piece(
    scope: Scope, mine: QuerySet[EvidenceUpload], start: int, data: bytes, now: datetime
) -> EvidenceUpload | Evidence:
    owner = _owner_of(mine.select_related("draft", "registration").get())
    _locked(scope, owner)
    upload = mine.select_for_update(of=("self",)).get()
    if start != upload.received or not data or start + len(data) > upload.size or len(data) > MOST_PIECE:
        raise WrongPlace(upload.received)
    piece = EvidencePiece(upload=upload, start=start)
    piece.data = keyring().encrypt_bytes("registrations.evidencepiece.data", piece.pk, data)
    piece.save(force_insert=True)
    upload.received += len(data)
    upload.save(update_fields=["received"])
    return upload if upload.received < upload.size else _finished(scope, upload, now)


def _finished(scope: Scope, upload: EvidenceUpload, now: datetime) -> Evidence:
    pieces = upload.pieces.order_by("start")
    data = b"".join(piece.data.open_bytes() for piece in pieces)
    owner = _owner_of(upload)
    claim, digest = upload.claim, bytes(upload.digest)
    upload.delete()
    if _digest_of(sha256(data).hexdigest()) != digest:
        raise NotTaken("changed")
    return add_evidence(scope=scope, owner=owner, claim=claim, data=data, now=now)


def _owner_of(of: Evidence | EvidenceUpload) -> Owner:
    return cast(Owner, of.draft or of.registration)


def _locked(scope: Scope, owner: Owner) -> dict[str, Any]:
    """The owner as a filter; nobody else adds to it, nor finishes the draft, until this transaction ends."""
    if isinstance(owner, Registration):
        take_turns(f"evidence {owner.pk}")
        return {"registration": owner}
    if not Draft.objects.within(scope).select_for_update().filter(pk=owner.pk).exists():
        raise OwnerGone
    return {"draft": owner}


def _digest_of(sha256_hex: str) -> bytes:
    return BlindIndexField.of("code", f"evidence|{sha256_hex}")


def _record(scope: Scope, step: str, evidence: Evidence, *, now: datetime, reason: str = "") -> None:
    """Of a draft nothing is recorded: it is nobody's yet."""
    if registration := evidence.registration:
        record_event(
            kind=f"evidence.{step}",
            actor_id=scope.user_id,
            actor_role=scope.actor_role,
            subject_type="registration",
            subject_id=registration.pk,
            person_id=registration.applicant_id,
            regency_id=registration.regency_id,
            reason=reason,
            at=now,
        )
