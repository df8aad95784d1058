"""The draw of a wave, step by step: freeze, seed, run, agree, publish.

Each step is one conditional change of the draw's state, so a repeated click or a second person changes nothing twice. The heavy
steps are effects of jobs (`freeze_list`, `run_draw`, `release_results`) and may be run again after a crash.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from os import urandom
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast
from uuid import UUID

import numpy as np
from django.db import connection, transaction
from django.utils.formats import date_format
from django.utils.timezone import localdate, localtime
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from accounts.scope import NOBODY, Scope
from clusters.models import QuotaSplit, Regency, Wave
from clusters.services.states import move_wave
from records.models import Job
from records.services.jobs import request_job
from records.services.log import record_event
from training import verify_draw
from training.allocation import Allocation, Mode, allocate
from training.lottery import (
    BLOCK_HEIGHT,
    SALT_BYTES,
    block_roots,
    derive_seed,
    draw_order,
    leaf,
    list_digest,
    merkle_root,
    normalise_dice,
    rules_digest,
    rules_document,
    ticket,
)
from training.models import Draw, DrawCutoff, DrawPack, MerkleBlock
from training.pack import Audience, build_pack, write_pack
from training.selectors.draws import capacities, entrants, frozen_list, list_of, rule_tables
from training.services.partitions import fill_partition

CODE_VERSION = "0.1.0"
VERIFIER = Path(verify_draw.__file__)


class DrawRefused(Exception):
    """The step is not possible now; the text says why and what to do (a translatable message)."""


class ListChanged(Exception):
    """The stored list or rules no longer have the published digests: nothing is drawn from them."""


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
    job = request_job(
        task="training.freeze_list",
        key=f"freeze:{draw.pk}",
        payload={"draw_id": str(draw.pk)},
        requested_by=scope.user_id,
    )
    return draw, job


@transaction.atomic
def freeze_list(*, draw_id: UUID, now: datetime, random_bytes: Callable[[int], bytes] = urandom) -> Mapping[str, Any]:
    """Write the list of the wave down with a salt per line, and commit to it and to the rules by digests.

    Effect of a job. Runs once: a second call finds the draw frozen and answers with the same digests.
    """
    draw = Draw.objects.select_for_update().select_related("wave", "split").get(pk=draw_id)
    if draw.state == Draw.State.FREEZING:
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


def _store_tree(draw: Draw, leaves: list[bytes]) -> None:
    block = 1 << BLOCK_HEIGHT
    for level, hashes in ((0, leaves), (BLOCK_HEIGHT, block_roots(leaves))):
        MerkleBlock.objects.bulk_create(
            MerkleBlock(draw=draw, level=level, index=start // block, hashes=b"".join(hashes[start : start + block]))
            for start in range(0, len(hashes), block)
        )


@transaction.atomic
def record_seed(*, scope: Scope, draw_id: UUID, dice: str, witnesses: str, now: datetime) -> tuple[Draw, Job]:
    """Enter the public dice, fix the seed and let the worker draw.

    Raises DrawRefused before the announced time, for unusable dice, without witnesses, or when a seed stands already.
    """
    draw = Draw.objects.select_for_update().select_related("wave").get(pk=draw_id)
    if draw.state != Draw.State.FROZEN:
        raise DrawRefused(_("Benih hanya dapat dicatat satu kali, setelah daftar dibekukan."))
    if now < draw.wave.draws_at:
        raise DrawRefused(
            _("Undian diumumkan untuk %(when)s; dadu dilempar pada saat itu, tidak sebelumnya.")
            % {"when": date_format(localtime(draw.wave.draws_at), _("j F Y \\p\\u\\k\\u\\l H.i"))}
        )
    if not witnesses.strip():
        raise DrawRefused(_("Tulis nama para saksi yang melihat dadu dilempar."))
    try:
        draw.dice = normalise_dice(dice)
    except ValueError as error:
        raise DrawRefused(_("Tulis paling sedikit 40 lemparan dadu, hanya angka 1 sampai 6; spasi boleh.")) from error
    draw.seed = derive_seed(draw.rules_digest, draw.list_root, draw.dice, "").hex()
    draw.witnesses, draw.seeded_by_id, draw.seeded_at = witnesses.strip(), scope.user_id, now
    draw.state, draw.as_of = Draw.State.SEEDED, now
    draw.save()
    _record(scope, draw, "draw.seeded", now, ["dice", "seed"])
    job = request_job(
        task="training.run_draw", key=f"draw:{draw.pk}", payload={"draw_id": str(draw.pk)}, requested_by=scope.user_id
    )
    return draw, job


@dataclass(frozen=True)
class Outcome:
    """A draw computed from its frozen list; rows of `ids`, `numbers` and `allocation` are in the list's order."""

    rules: Mapping[str, Any]
    ids: list[str]
    numbers: list[str]
    order: NDArray[np.int64]
    allocation: Allocation
    packs: dict[Audience, dict[str, bytes]]

    @property
    def result_sha256(self) -> str:
        return str(json.loads(self.packs["auditors"]["draw.json"])["result_sha256"])


def outcome_of(draw: Draw) -> Outcome:
    """The outcome that follows from rules, list and seed alone; writes nothing.

    Raises ListChanged when the stored list or rules differ from the published digests.
    """
    ids, lines, salts = frozen_list(draw)
    rules_text = draw.rules.encode("ascii")
    if list_digest(lines) != draw.list_sha256 or rules_digest(rules_text) != draw.rules_digest:
        raise ListChanged(str(draw.pk))
    rules = json.loads(rules_text)
    people = entrants(rules, lines)
    order = draw_order(bytes.fromhex(draw.seed), people.numbers)
    allocation = allocate(order=order, **people.arrays, **capacities(rules))
    recorded = {
        "wave": draw.wave.slug,
        "rules_digest": draw.rules_digest,
        "list_sha256": draw.list_sha256,
        "list_root": draw.list_root,
        "dice": draw.dice,
        "beacon": None,
        "seed": draw.seed,
    }
    audiences: tuple[Audience, ...] = ("public", "auditors")
    packs = {
        audience: build_pack(
            audience=audience,
            draw=recorded,
            rules=rules_text,
            lines=lines,
            salts=salts,
            order=order,
            allocation=allocation,
        )
        for audience in audiences
    }
    return Outcome(rules, ids, people.numbers, order, allocation, packs)


@transaction.atomic
def run_draw(*, draw_id: UUID, now: datetime) -> Mapping[str, Any]:
    """Draw from the frozen list, have the stand-alone verifier redo everything, and store what both agree on.

    Effect of a job; reads the frozen lines only, never the live tables, so running it again gives the same result. Raises
    ListChanged.
    """
    draw = Draw.objects.select_for_update(of=("self",)).select_related("wave").get(pk=draw_id)
    if draw.state == Draw.State.SEEDED:
        outcome = outcome_of(draw)
        agreed, draw.report = verify(outcome.packs["auditors"])
        draw.result_sha256 = outcome.result_sha256
        draw.placed = int((outcome.allocation.class_index >= 0).sum())
        draw.state = Draw.State.AGREED if agreed else Draw.State.DISAGREED
        draw.ran_at = draw.as_of = now
        draw.save()
        _store(draw, outcome)
        if agreed:
            move_wave(scope=NOBODY, wave=draw.wave, to=Wave.State.DRAWN, now=now)
    return {"result_sha256": draw.result_sha256, "state": draw.state, "placed": draw.placed}


def verify(files: Mapping[str, bytes]) -> tuple[bool, str]:
    """Run the stand-alone verifier on a pack, in a process of its own that sees nothing of the portal."""
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        done = subprocess.run(
            [sys.executable, "-I", str(VERIFIER), folder], capture_output=True, text=True, check=False
        )
    return done.returncode == 0, (done.stdout + done.stderr).replace(folder, "pack")


def _store(draw: Draw, outcome: Outcome) -> None:
    seed, rules, order, given = bytes.fromhex(draw.seed), outcome.rules, outcome.order, outcome.allocation
    class_ids = {c.code: str(c.pk) for c in draw.wave.classes.all()}
    of_index = [class_ids[c["code"]] for c in rules["classes"]] + ["\\N"]  # index -1: no class
    columns = zip(
        order.tolist(),
        given.class_index[order].tolist(),
        given.wish_rank[order].tolist(),
        given.admitted_pass[order].tolist(),
        strict=True,
    )
    fill_partition(
        "training_drawresult",
        draw.pk,
        "registration_id, position, ticket, training_class_id, wish_rank, admitted_pass",
        (
            f"{outcome.ids[i]}\t{rank}\t\\\\x{ticket(seed, outcome.numbers[i]).hex()}\t{of_index[c]}\t{wish}\t{admitted}"
            for rank, (i, c, wish, admitted) in enumerate(columns)
        ),
    )
    regency_ids = dict(Regency.objects.values_list("code", "id"))
    DrawCutoff.objects.bulk_create(
        DrawCutoff(
            draw=draw,
            regency_id=regency_ids[rules["regencies"][regency]],
            clusters=mask,
            admission_pass=admission_pass,
            position=position,
            ticket=ticket(seed, outcome.numbers[order[position]]).hex(),
        )
        for (regency, mask, admission_pass), position in sorted(given.cutoffs.items())
    )
    for audience, files in outcome.packs.items():
        content = BytesIO()
        write_pack(content, files)
        sha256 = hashlib.sha256(content.getvalue()).hexdigest()
        DrawPack.objects.create(draw=draw, audience=audience, content=content.getvalue(), sha256=sha256)


@transaction.atomic
def request_publication(*, scope: Scope, draw_id: UUID) -> Job:
    """Ask the worker to release an agreed result. Raises DrawRefused for the person who entered the seed."""
    draw = Draw.objects.get(pk=draw_id)
    if draw.state != Draw.State.AGREED:
        raise DrawRefused(_("Hasil hanya dapat diumumkan setelah mesin undian dan pemeriksa sepakat."))
    if draw.seeded_by_id == scope.user_id:
        raise DrawRefused(_("Orang yang mencatat dadu tidak boleh mengumumkan hasil. Minta orang kedua."))
    return request_job(
        task="training.release_results",
        key=f"release:{draw.pk}",
        payload={"draw_id": str(draw.pk), "user_id": str(scope.user_id), "role": scope.actor_role},
        requested_by=scope.user_id,
    )


@transaction.atomic
def release_results(*, scope: Scope, draw_id: UUID, now: datetime) -> Mapping[str, Any]:
    """Publish an agreed draw and turn its results into offered places, all constraints on. Effect of a job."""
    draw = Draw.objects.select_for_update().select_related("wave__rule_set").get(pk=draw_id)
    if draw.state == Draw.State.AGREED:
        draw.state, draw.published_by_id, draw.published_at, draw.as_of = Draw.State.PUBLISHED, scope.user_id, now, now
        draw.save()
        answer_by = localdate(now) + timedelta(days=int(draw.wave.rule_set.rules["offer_days"]))
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO training_placement (id, registration_id, training_class_id, draw_id, state, answer_by,"
                " created_at, updated_at, as_of)"
                " SELECT gen_random_uuid(), registration_id, training_class_id, draw_id, 'offered', %s, %s, %s, %s"
                " FROM training_drawresult WHERE draw_id = %s AND training_class_id IS NOT NULL",
                [answer_by, now, now, now, draw.pk],
            )
        move_wave(scope=scope, wave=draw.wave, to=Wave.State.PUBLISHED, now=now)
        _record(scope, draw, "draw.published", now)
    return {"placed": draw.placed, "state": draw.state}


@transaction.atomic
def void_draw(*, scope: Scope, draw_id: UUID, reason: str, now: datetime) -> Draw:
    """Set a draw that was not published aside, for a stated reason; its rows stay and a new freeze may follow.

    Raises DrawRefused without a reason, for a published draw, and for the person who froze the list: it takes a second one.
    """
    draw = Draw.objects.select_for_update().select_related("wave").get(pk=draw_id)
    if draw.state in {Draw.State.PUBLISHED, Draw.State.VOID}:
        raise DrawRefused(_("Undian ini tidak dapat dibatalkan lagi."))
    if not reason.strip():
        raise DrawRefused(_("Tulis alasan pembatalan; alasan ini tampil di halaman undian."))
    if draw.frozen_by_id == scope.user_id:
        raise DrawRefused(_("Pembatalan undian memerlukan orang kedua."))
    draw.state, draw.voided_by_id, draw.void_reason, draw.as_of = Draw.State.VOID, scope.user_id, reason.strip(), now
    draw.save()
    if draw.wave.state == Wave.State.DRAWN:
        move_wave(scope=scope, wave=draw.wave, to=Wave.State.FROZEN, now=now)
    move_wave(scope=scope, wave=draw.wave, to=Wave.State.CLOSED, now=now)
    _record(scope, draw, "draw.void", now, reason=reason.strip())
    return draw


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
