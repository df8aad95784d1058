"""The draw of a wave, step by step: freeze, seed, run, agree, publish.

Each step is one conditional change of the draw's state, so a repeated click or a second person changes nothing twice. The heavy
steps are effects of jobs (`freeze_list`, `run_draw`, `release_results`) and may be run again after a crash.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from os import urandom
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection, transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.scope import NOBODY, Scope
from clusters.models import QuotaSplit, Wave
from clusters.services.states import move_wave
from records.models import Job
from records.services.jobs import request_job
from records.services.log import record_event
from registrations.services.recheck import recheck
from training.allocation import Mode
from training.lottery import (
    BLOCK_HEIGHT,
    SALT_BYTES,
    block_roots,
    derive_seed,
    leaf,
    list_digest,
    merkle_root,
    normalise_dice,
    rules_digest,
    rules_document,
)
from training.models import Draw, MerkleBlock
from training.selectors.draws import list_of, rule_tables
from training.services.notices import tell_offers, tell_without_place
from training.services.outcome import DrawChanged, outcome_of, store, stored_result_sha256, verify
from training.services.partitions import fill_partition
from training.services.places import last_day_to_answer, request_refill

CODE_VERSION = "0.1.0"


class DrawRefused(Exception):
    """The step is not possible now; the text says why and what to do (a translatable message)."""


@transaction.atomic
def request_freeze(*, scope: Scope, wave_id: UUID, now: datetime) -> tuple[Draw, Job]:
    """Close the list of a closed wave: from now on nobody joins, and the worker writes the list down.

    Raises DrawRefused when the wave is not closed, has no published split or already has a draw.
    """
    wave = Wave.objects.select_for_update().get(pk=wave_id)
    split = QuotaSplit.objects.filter(wave=wave).in_force().first()
    if wave.state != Wave.State.CLOSED:
        raise DrawRefused(_("Daftar hanya dapat dibekukan setelah pendaftaran gelombang ditutup."))
    if split is None:
        raise DrawRefused(_("Terbitkan dulu pembagian kuota gelombang ini."))
    draw = Draw.objects.create(
        wave=wave,
        number=Draw.objects.filter(wave=wave).count() + 1,
        split=split,
        frozen_by_id=scope.actor_id,
        as_of=now,
    )
    move_wave(scope=scope, wave=wave, to=Wave.State.FROZEN, now=now)
    _record(scope, draw, "draw.freeze_requested", now)
    return draw, _request(scope, draw)


@transaction.atomic
def freeze_list(*, draw_id: UUID, now: datetime, random_bytes: Callable[[int], bytes] = urandom) -> Mapping[str, Any]:
    """Write the list of the wave down with a salt per line, and commit to it and to the rules by digests.

    Lists of people are looked at once more before: who is turned away by one is not written down.

    Effect of a job. Runs once: a second call finds the draw frozen and answers with the same digests.
    """
    draw = Draw.objects.select_for_update().select_related("wave__rule_set", "split").get(pk=draw_id)
    if draw.state == Draw.State.FREEZING:
        _wait_for_writers()
        recheck(wave=draw.wave, now=now)
        ids, lines = list_of(draw.wave)
        salts = [random_bytes(SALT_BYTES) for _ in lines]
        leaves = [leaf(salt, line) for salt, line in zip(salts, lines, strict=True)]
        rules = rules_document(
            wave=draw.wave.slug,
            mode=cast(Mode, draw.wave.mode),
            **rule_tables(draw.wave, draw.split),
            beacon_rounds=[],
            split_version=str(draw.split.version),
            code_version=CODE_VERSION,
        )
        fill_partition(
            "training_drawentry",
            draw.pk,
            "registration_id, position, line, salt",
            (f"{pk}\t{i}\t{lines[i]}\t\\\\x{salts[i].hex()}" for i, pk in enumerate(ids)),
        )
        _store_tree(draw, leaves)
        draw.rules, draw.rules_digest = rules.decode("ascii"), rules_digest(rules)
        draw.list_size, draw.list_sha256, draw.list_root = len(lines), list_digest(lines), merkle_root(leaves).hex()
        draw.state, draw.frozen_at, draw.as_of = Draw.State.FROZEN, now, now
        draw.save()
    return {"list_root": draw.list_root, "list_sha256": draw.list_sha256, "people": draw.list_size}


def _wait_for_writers() -> None:
    """Let joins, withdrawals and wishes that are under way end first: whoever was told "saved" before is on the list."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE registrations_registration, training_wishlist, training_wish IN EXCLUSIVE MODE")


def _store_tree(draw: Draw, leaves: list[bytes]) -> None:
    block = 1 << BLOCK_HEIGHT
    for level, hashes in ((0, leaves), (BLOCK_HEIGHT, block_roots(leaves))):
        MerkleBlock.objects.bulk_create(
            MerkleBlock(draw=draw, level=level, index=start // block, hashes=b"".join(hashes[start : start + block]))
            for start in range(0, len(hashes), block)
        )


@transaction.atomic
def record_dice(*, scope: Scope, draw_id: UUID, dice: str, witnesses: str, now: datetime) -> Draw:
    """Enter the public dice as rolled, with the witnesses. They count once a second person has confirmed them.

    Raises DrawRefused before the announced time or within the time for objections to the list, for unusable dice, without
    witnesses, or when dice stand already.
    """
    draw = _held(draw_id)
    if draw.state != Draw.State.FROZEN or draw.wave.state != Wave.State.FROZEN:
        raise DrawRefused(_("Dadu hanya dapat dicatat satu kali, setelah daftar dibekukan."))
    _refuse_while_void_is_asked(draw)
    _not_before(
        draw.wave.draws_at, now, _("Undian diumumkan untuk %(when)s; dadu dilempar pada saat itu, tidak sebelumnya.")
    )
    objections_until = cast(datetime, draw.frozen_at) + timedelta(hours=settings.OBJECTION_HOURS)
    _not_before(objections_until, now, _("Peserta boleh menyanggah daftar sampai %(when)s; dadu dilempar sesudahnya."))
    if not witnesses.strip():
        raise DrawRefused(_("Tulis nama para saksi yang melihat dadu dilempar."))
    draw.dice, draw.witnesses = _usable(dice), witnesses.strip()
    draw.rolled_by_id, draw.state = scope.user_id, Draw.State.ROLLED
    _save(draw, now, "dice", "witnesses", "rolled_by", "state")
    _record(scope, draw, "draw.rolled", now, ["dice", "witnesses"])
    return draw


@transaction.atomic
def confirm_dice(*, scope: Scope, draw_id: UUID, dice: str, now: datetime) -> tuple[Draw, Job]:
    """Enter the same dice once more, as a second person who read them from the protocol; fixes the seed and draws.

    Raises DrawRefused for the person who recorded them, and for other dice than those recorded; then nothing changes.
    """
    draw = _held(draw_id)
    if draw.state != Draw.State.ROLLED or draw.wave.state != Wave.State.FROZEN:
        raise DrawRefused(_("Tidak ada catatan dadu yang menunggu orang kedua."))
    _refuse_while_void_is_asked(draw)
    if draw.rolled_by_id == scope.user_id:
        raise DrawRefused(_("Anda yang mencatat dadu. Orang kedua yang mencocokkannya dengan berita acara."))
    if _usable(dice) != draw.dice:
        raise DrawRefused(
            _(
                "Lemparan ini tidak sama dengan catatan pertama. Cocokkan dengan berita acara, atau hapus catatan pertama."
            )
        )
    draw.seed = derive_seed(draw.rules_digest, draw.list_root, draw.dice, "").hex()
    draw.seeded_by_id, draw.seeded_at, draw.state = scope.user_id, now, Draw.State.SEEDED
    _save(draw, now, "seed", "seeded_by", "seeded_at", "state")
    _record(scope, draw, "draw.seeded", now, ["seed"])
    return draw, _request(scope, draw)


@transaction.atomic
def clear_dice(*, scope: Scope, draw_id: UUID, reason: str, now: datetime) -> Draw:
    """Take back dice that differ from the protocol, as the second person and with a reason.

    They stay on record, with reason and moment, and are shown to everybody. Raises DrawRefused for the person who entered
    them, without a reason, and when a seed stands.
    """
    draw = _held(draw_id)
    if draw.state != Draw.State.ROLLED:
        raise DrawRefused(_("Tidak ada catatan dadu yang dapat dihapus."))
    if draw.rolled_by_id == scope.user_id:
        raise DrawRefused(_("Anda yang mencatat dadu. Orang kedua yang menyatakan catatan itu keliru."))
    if not reason.strip():
        raise DrawRefused(_("Tulis mengapa catatan dadu dihapus; catatan dan alasannya tampil di halaman undian."))
    entry = {"dice": draw.dice, "witnesses": draw.witnesses, "reason": reason.strip(), "at": now.isoformat()}
    draw.cleared = [*draw.cleared, entry]
    draw.dice, draw.witnesses, draw.rolled_by_id, draw.state = "", "", None, Draw.State.FROZEN
    _save(draw, now, "cleared", "dice", "witnesses", "rolled_by", "state")
    _record(scope, draw, "draw.dice_cleared", now, ["dice", "witnesses"], reason=reason.strip())
    return draw


def _held(draw_id: UUID) -> Draw:
    """The draw and its wave, locked until the transaction ends. Raises DrawRefused while somebody else has them."""
    try:
        with transaction.atomic():
            return (
                Draw.objects.select_for_update(of=("self", "wave"), nowait=True).select_related("wave").get(pk=draw_id)
            )
    except OperationalError as error:
        raise DrawRefused(_("Undian ini sedang dikerjakan. Coba lagi sebentar lagi.")) from error


def _refuse_while_void_is_asked(draw: Draw) -> None:
    if draw.void_asked_by_id:
        raise DrawRefused(_("Pembatalan undian ini sedang diminta. Setujui atau tolak dulu."))


def _save(draw: Draw, now: datetime, *fields: str) -> None:
    """Save what a web request may change."""
    draw.as_of = now
    draw.save(update_fields=[*fields, "as_of"])


def _usable(dice: str) -> str:
    try:
        return normalise_dice(dice)
    except ValueError as error:
        raise DrawRefused(_("Tulis paling sedikit 40 lemparan dadu, hanya angka 1 sampai 6; spasi boleh.")) from error


def _not_before(moment: datetime, now: datetime, message: str) -> None:
    if now < moment:
        raise DrawRefused(message % {"when": date_format(localtime(moment), _("j F Y \\p\\u\\k\\u\\l H.i"))})


# The job that takes a draw out of each state in which it waits for the worker.
TASKS = {Draw.State.FREEZING: "training.freeze_list", Draw.State.SEEDED: "training.run_draw"}


def _request(scope: Scope, draw: Draw) -> Job:
    task = TASKS[Draw.State(draw.state)]
    return request_job(
        task=task, key=f"{task}:{draw.pk}", payload={"draw_id": str(draw.pk)}, requested_by=scope.user_id
    )


def retry(*, scope: Scope, draw_id: UUID) -> Job:
    """Ask once more for the work a draw waits for (after publication: a refill); the same job while one is live.

    Raises DrawRefused when it waits for none.
    """
    draw = Draw.objects.get(pk=draw_id)
    if draw.state == Draw.State.PUBLISHED:
        return request_refill(scope=scope, draw_id=draw.pk, cause=draw.pk)
    if draw.state not in TASKS:
        raise DrawRefused(_("Undian ini tidak sedang menunggu pekerja."))
    return _request(scope, draw)


@transaction.atomic
def run_draw(*, draw_id: UUID, now: datetime) -> Mapping[str, Any]:
    """Draw from the frozen list, have the stand-alone verifier redo everything, and store what both agree on.

    Effect of a job; reads the frozen lines only, never the live tables, so running it again gives the same result. Raises
    DrawChanged.
    """
    draw = Draw.objects.select_for_update(of=("self", "wave")).select_related("wave").get(pk=draw_id)
    if draw.state == Draw.State.SEEDED:
        outcome = outcome_of(draw)
        verdicts = [verify(outcome.packs[audience]) for audience in ("auditors", "public")]
        agreed, draw.report = all(passed for passed, _report in verdicts), verdicts[0][1]
        draw.result_sha256 = outcome.result_sha256
        draw.placed = int((outcome.allocation.class_index >= 0).sum())
        draw.state = Draw.State.AGREED if agreed else Draw.State.DISAGREED
        draw.ran_at = draw.as_of = now
        draw.save()
        store(draw, outcome)
        if agreed:
            move_wave(scope=NOBODY, wave=draw.wave, to=Wave.State.DRAWN, now=now)
    return {"result_sha256": draw.result_sha256, "state": draw.state, "placed": draw.placed}


@transaction.atomic
def request_publication(*, scope: Scope, draw_id: UUID) -> Job:
    """Ask the worker to release an agreed result. Raises DrawRefused for the person who recorded the dice first."""
    draw = Draw.objects.get(pk=draw_id)
    if draw.state != Draw.State.AGREED:
        raise DrawRefused(_("Hasil hanya dapat diumumkan setelah mesin undian dan pemeriksa sepakat."))
    _refuse_while_void_is_asked(draw)
    if draw.rolled_by_id == scope.user_id:
        raise DrawRefused(_("Orang yang mencatat dadu tidak boleh mengumumkan hasil. Minta orang kedua."))
    return request_job(
        task="training.release_results",
        key=f"release:{draw.pk}",
        payload={"draw_id": str(draw.pk), "user_id": str(scope.user_id)},
        requested_by=scope.user_id,
    )


@transaction.atomic
def release_results(*, scope: Scope, draw_id: UUID, now: datetime) -> Mapping[str, Any]:
    """Publish an agreed draw and turn its results into offered places, all constraints on. Effect of a job.

    Computes the outcome once more: raises DrawChanged when list, results or digests were edited since the two programs
    agreed. Who withdrew or accepted a place of another wave meanwhile gets none; it goes on by a refill. Raises DrawRefused
    while a void is asked for, PermissionDenied outside the province.
    """
    if not scope.is_province:
        raise PermissionDenied("only the province publishes")
    draw = Draw.objects.select_for_update(of=("self",)).select_related("wave__rule_set").get(pk=draw_id)
    if draw.state == Draw.State.AGREED:
        _refuse_while_void_is_asked(draw)
        if not draw.result_sha256 == outcome_of(draw).result_sha256 == stored_result_sha256(draw):
            raise DrawChanged(str(draw.pk))
        draw.state, draw.published_by_id, draw.published_at, draw.as_of = Draw.State.PUBLISHED, scope.user_id, now, now
        draw.save()
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO training_placement (id, registration_id, applicant_id, training_class_id, draw_id, state,"
                " answer_by, created_at, updated_at, as_of)"
                " SELECT gen_random_uuid(), d.registration_id, r.applicant_id, d.training_class_id, d.draw_id, 'offered',"
                " %s, %s, %s, %s"
                " FROM training_drawresult d JOIN registrations_registration r ON r.id = d.registration_id"
                " WHERE d.draw_id = %s AND d.training_class_id IS NOT NULL AND r.state = 'joined' AND NOT EXISTS ("
                " SELECT 1 FROM training_placement p WHERE p.applicant_id = r.applicant_id AND p.state = 'accepted')",
                [last_day_to_answer(draw.wave, now), now, now, now, draw.pk],
            )
            offered = cursor.rowcount
        tell_offers(draw_id=draw.pk, now=now)
        tell_without_place(draw_id=draw.pk, now=now)
        move_wave(scope=scope, wave=draw.wave, to=Wave.State.PUBLISHED, now=now)
        _record(scope, draw, "draw.published", now)
        if offered != draw.placed:
            request_refill(scope=scope, draw_id=draw.pk, cause=draw.pk)
    return {"placed": draw.placed, "state": draw.state}


@transaction.atomic
def void_draw(*, scope: Scope, draw_id: UUID, reason: str, now: datetime) -> Draw:
    """Set a draw that was not published aside: asked for by one person with a reason, done by a second who agrees.

    While it is asked for nothing else happens to the draw. Its rows stay, its dice and digests stay public, and a new freeze may
    follow. Raises DrawRefused without a reason, for a published draw, while the worker has it, and when the same person asks
    twice.
    """
    draw = _held(draw_id)
    if draw.state in {Draw.State.PUBLISHED, Draw.State.VOID}:
        raise DrawRefused(_("Undian ini tidak dapat dibatalkan lagi."))
    if not draw.void_asked_by_id:
        if not reason.strip():
            raise DrawRefused(_("Tulis alasan pembatalan; alasan ini tampil di halaman undian."))
        draw.void_asked_by_id, draw.void_reason = scope.user_id, reason.strip()
        _save(draw, now, "void_asked_by", "void_reason")
        _record(scope, draw, "draw.void_asked", now, reason=draw.void_reason)
        return draw
    if draw.void_asked_by_id == scope.user_id:
        raise DrawRefused(_("Pembatalan undian memerlukan orang kedua."))
    draw.state, draw.voided_by_id = Draw.State.VOID, scope.user_id
    _save(draw, now, "state", "voided_by")
    if draw.wave.state == Wave.State.DRAWN:
        move_wave(scope=scope, wave=draw.wave, to=Wave.State.FROZEN, now=now)
    move_wave(scope=scope, wave=draw.wave, to=Wave.State.CLOSED, now=now)
    _record(scope, draw, "draw.void", now, reason=draw.void_reason)
    return draw


@transaction.atomic
def keep_draw(*, scope: Scope, draw_id: UUID, now: datetime) -> Draw:
    """Turn a request to set the draw aside down, or take one's own back. Raises DrawRefused when there is none."""
    draw = _held(draw_id)
    if draw.state == Draw.State.VOID or not draw.void_asked_by_id:
        raise DrawRefused(_("Tidak ada permintaan pembatalan."))
    _record(scope, draw, "draw.void_turned_down", now, reason=draw.void_reason)
    draw.void_asked_by_id, draw.void_reason = None, ""
    _save(draw, now, "void_asked_by", "void_reason")
    return draw


def record_pack_read(*, scope: Scope, draw: Draw, now: datetime) -> None:
    """The auditors' pack holds everybody's clusters and groups under their numbers: each reading is an event."""
    _record(scope, draw, "draw.auditors_pack_read", now)


def _record(scope: Scope, draw: Draw, kind: str, now: datetime, fields: Sequence[str] = (), reason: str = "") -> None:
    record_event(
        kind=kind,
        actor_id=scope.user_id,
        actor_role=scope.actor_role,
        subject_type="draw",
        subject_id=draw.pk,
        fields=fields,
        reason=reason,
        at=now,
    )
