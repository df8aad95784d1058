"""The files anyone needs to redo a draw. Pure; equal inputs give equal bytes.

Both packs     draw.json        canonical JSON, see `draw_document`
               rules.json       the published rule file, byte for byte
               winners.txt      number|class code of those who got a class, by number
               cutoffs.csv      regency, clusters (codes joined by +), pass, position (from 1), ticket of the last admitted;
                                of the last pass only, which is open to everybody
Auditors' pack cutoffs_all.csv  the same of all passes
               results.txt      all result lines, with wish rank and pass
               list.txt         the frozen list
               salts.txt        one salt per line of the list, hexadecimal
Text files are ASCII; every line ends with LF. The pass of a person and the cut-offs of a group tell who belongs to the
group, for example by disability, so neither is public.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.typing import NDArray

from training.allocation import Allocation
from training.lottery import canonical_json, list_file, result_lines, ticket

Audience = Literal["public", "auditors"]
PUBLIC = frozenset({"draw.json", "rules.json", "winners.txt", "cutoffs.csv"})
CUTOFF_HEADER = "regency,clusters,pass,position,ticket"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date a ZIP can hold


def build_pack(
    *,
    audience: Audience,
    draw: Mapping[str, Any],
    rules: bytes,
    lines: Sequence[str],
    salts: Sequence[bytes],
    order: NDArray[np.int64],
    allocation: Allocation,
) -> dict[str, bytes]:
    """File name -> content of the pack.

    draw: what was recorded at each step and is not recomputed here, so that the verifier can find a later edit: wave,
    rules_digest, list_sha256, list_root, dice, beacon ({"round": int, "signature": hex} or None), seed (hex).
    lines, salts and the rows of allocation are in the order of the frozen list; order as in `allocate`.
    """
    content = json.loads(rules)
    numbers = [line[: line.index("|")] for line in lines]
    results = result_lines(numbers, [c["code"] for c in content["classes"]], allocation)
    winners = ["|".join(line.split("|")[:2]) for line in results if line.split("|")[1] != "-"]
    cutoffs = cutoff_rows(content, bytes.fromhex(draw["seed"]), numbers, order, allocation)
    last = 0 if content["guarantee"] is None else len(content["groups"])
    files = {
        "rules.json": rules,
        "winners.txt": list_file(winners),
        "cutoffs.csv": _text([CUTOFF_HEADER, *(row for t, row in cutoffs if t == last)]),
        "cutoffs_all.csv": _text([CUTOFF_HEADER, *(row for _, row in cutoffs)]),
        "results.txt": list_file(results),
        "list.txt": list_file(lines),
        "salts.txt": _text([salt.hex() for salt in salts]),
    }
    files["draw.json"] = draw_document(draw, files, applicants=len(lines), winners=len(winners))
    return {name: files[name] for name in files if audience == "auditors" or name in PUBLIC}


def draw_document(draw: Mapping[str, Any], files: Mapping[str, bytes], *, applicants: int, winners: int) -> bytes:
    """draw.json: the recorded draw, the digests of the results, the counts, and last the digest of all of these.

    `digest` = SHA-256 of the same canonical JSON without that member; it is the figure to announce, since one number
    then stands for the whole draw. cutoffs_sha256 and winners_sha256 are of the public files, result_sha256 is of
    results.txt. cutoffs_all.csv has none: it follows from results.txt, and a short file of which nearly everything is
    public can be guessed until its digest fits.
    """
    content = {
        **draw,
        "cutoffs_sha256": hashlib.sha256(files["cutoffs.csv"]).hexdigest(),
        "result_sha256": hashlib.sha256(files["results.txt"]).hexdigest(),
        "winners_sha256": hashlib.sha256(files["winners.txt"]).hexdigest(),
        "counts": {"applicants": applicants, "winners": winners},
    }
    return canonical_json({**content, "digest": hashlib.sha256(canonical_json(content)).hexdigest()})


def cutoff_rows(
    rules: Mapping[str, Any],
    seed: bytes,
    numbers: Sequence[str],
    order: NDArray[np.int64],
    allocation: Allocation,
) -> list[tuple[int, str]]:
    """(pass, row of the file) of every cut-off, sorted by regency, cluster set (as bit masks) and pass."""
    rows = []
    for (regency, mask, t), position in sorted(allocation.cutoffs.items()):
        clusters = "+".join(code for i, code in enumerate(rules["clusters"]) if mask >> i & 1)
        last = ticket(seed, numbers[order[position]]).hex()
        rows.append((t, f"{rules['regencies'][regency]},{clusters},{t},{position + 1},{last}"))
    return rows


def _text(rows: Sequence[str]) -> bytes:
    return "".join(f"{row}\n" for row in rows).encode("ascii")


def write_pack(target: Path | IO[bytes], files: Mapping[str, bytes]) -> None:
    """The pack as a ZIP: entries by name, fixed date and rights, so equal files give equal bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
