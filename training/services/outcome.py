"""What a draw comes to: computed from the frozen list alone, redone by the stand-alone verifier, stored once."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from clusters.models import Regency
from training import verify_draw
from training.allocation import Allocation, allocate
from training.lottery import derive_seed, draw_order, list_digest, rules_digest, ticket
from training.models import Draw, DrawCutoff, DrawPack
from training.pack import Audience, build_pack, write_pack
from training.selectors.draws import capacities, entrants, frozen_list
from training.services.partitions import fill_partition

VERIFIER = Path(verify_draw.__file__)


class DrawChanged(Exception):
    """What is stored of the draw no longer has the digests it was published or agreed with: nothing follows from it."""


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


def unchanged_list(draw: Draw) -> tuple[list[str], list[str], list[bytes]]:
    """`frozen_list`, after list, rules and seed were held against their digests. Raises DrawChanged."""
    ids, lines, salts = frozen_list(draw)
    seed = derive_seed(draw.rules_digest, draw.list_root, draw.dice, "").hex()
    stored = (draw.list_sha256, draw.rules_digest, draw.seed)
    if stored != (list_digest(lines), rules_digest(draw.rules.encode("ascii")), seed):
        raise DrawChanged(str(draw.pk))
    return ids, lines, salts


def outcome_of(draw: Draw) -> Outcome:
    """The outcome that follows from rules, list and dice alone; writes nothing.

    Raises DrawChanged when stored list, rules or seed differ from the published digests.
    """
    ids, lines, salts = unchanged_list(draw)
    rules_text = draw.rules.encode("ascii")
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


def verify(files: Mapping[str, bytes]) -> tuple[bool, str]:
    """Run the stand-alone verifier on a pack, in a process of its own that sees nothing of the portal."""
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        done = subprocess.run(
            [sys.executable, "-I", str(VERIFIER), folder], capture_output=True, text=True, check=False
        )
    return done.returncode == 0, (done.stdout + done.stderr).replace(folder, "pack")


def store(draw: Draw, outcome: Outcome) -> None:
    """Write results, cut-offs and packs of the draw, once."""
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
            position=position,
            ticket=ticket(seed, outcome.numbers[order[position]]).hex(),
        )
        for (regency, mask, admission_pass), position in sorted(given.cutoffs.items())
        if admission_pass == draw.last_pass
    )
    for audience, files in outcome.packs.items():
        content = BytesIO()
        write_pack(content, files)
        sha256 = hashlib.sha256(content.getvalue()).hexdigest()
        DrawPack.objects.create(draw=draw, audience=audience, content=content.getvalue(), sha256=sha256)


def stored_result_sha256(draw: Draw) -> str:
    """The digest of the results as they stand in the database now, under the registrations' present numbers."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.number || '|' || coalesce(c.code, '-') || '|' || d.wish_rank || '|' || d.admitted_pass"
            " FROM training_drawresult d JOIN registrations_registration r ON r.id = d.registration_id"
            " LEFT JOIN training_trainingclass c ON c.id = d.training_class_id"
            ' WHERE d.draw_id = %s ORDER BY r.number COLLATE "C"',
            [draw.pk],
        )
        return list_digest([line for (line,) in cursor])
