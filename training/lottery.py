"""The draw as anyone can redo it: canonical lists, a salted Merkle tree, the seed, tickets and results.

Pure. Everything hashed is ASCII or raw SHA-256 (FIPS 180-4); the tree separates leaves from nodes as RFC 6962 does.
Formats are versioned by VERSION: a change of any of them is a new version, never a silent edit.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.allocation import Allocation, Mode

VERSION = "jateng-offline-v1"
SALT_BYTES = 16  # fixed, so that salt and line cannot be shifted against each other
MIN_ROLLS = 40  # 40 * log2(6) = 103 bits
SIGNATURE_HEX = 96  # a quicknet round is signed on BLS12-381 G1: 48 bytes
BLOCK_HEIGHT = 10  # leaves are kept in aligned blocks of 2**10

_CODE = r"[0-9A-Za-z._-]{1,32}"
_NUMBER = r"[0-9A-Z-]{1,32}"
_LINE = re.compile(
    rf"{_NUMBER}\|{_CODE}\|(0|[1-9][0-9]{{0,2}})\|(0|[1-9][0-9]{{0,4}})\|[01]\|({_CODE}(,{_CODE}){{0,4}})?"
)


class ClassRule(NamedTuple):
    """A class as the rules publish it: its code, the codes of its regency and cluster, its seats."""

    code: str
    regency: str
    cluster: str
    seats: int


# --- the frozen list ---


def canonical_line(number: str, regency: str, clusters: int, groups: int, strict: bool, classes: Sequence[str]) -> str:
    """`number|regency code|cluster mask|group mask|strict 0/1|class codes, best first, comma separated`.

    Masks are decimal, bit i = i-th cluster or group of the rules. ValueError when a part has a forbidden character
    (numbers: 0-9 A-Z -; codes: also a-z . _; 32 at most), a mask is out of range or there are more than 5 classes.
    """
    line = f"{number}|{regency}|{clusters}|{groups}|{strict:d}|{','.join(classes)}"
    if not _LINE.fullmatch(line) or "" in classes or line.count(",") != len(classes[1:]):
        raise ValueError(f"line: {line!r} is not canonical")
    return line


def list_file(lines: Sequence[str]) -> bytes:
    """The list as published: each line ended by LF. ValueError unless numbers strictly ascend (ASCII order)."""
    previous = ""
    for line in lines:
        number = line[: line.index("|")]
        if number <= previous:
            raise ValueError(f"lines: {number} after {previous}: numbers must ascend, each once")
        previous = number
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def list_digest(lines: Sequence[str]) -> str:
    """SHA-256 of `list_file`, hexadecimal."""
    return hashlib.sha256(list_file(lines)).hexdigest()


# --- the Merkle tree: a lone node at the end of a level goes up unchanged ---


def leaf(salt: bytes, line: str) -> bytes:
    """H(0x00 | salt | line). ValueError unless the salt has 16 bytes."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"salt: {len(salt)} bytes, expected {SALT_BYTES}")
    return hashlib.sha256(b"\x00" + salt + line.encode("ascii")).digest()


def node(left: bytes, right: bytes) -> bytes:
    """H(0x01 | left | right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def _parents(level: Sequence[bytes]) -> list[bytes]:
    parents = [node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return [*parents, level[-1]] if len(level) % 2 else parents


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The root; SHA-256 of nothing for no leaves."""
    level = leaves
    while len(level) > 1:
        level = _parents(level)
    return level[0] if level else hashlib.sha256(b"").digest()


def merkle_proof(leaves: Sequence[bytes], i: int) -> list[bytes]:
    """The siblings of leaf i from the bottom up (levels where it is the lone node have none). IndexError if absent."""
    if not 0 <= i < len(leaves):
        raise IndexError(f"leaf {i} of {len(leaves)}")
    level, proof = leaves, list[bytes]()
    while len(level) > 1:
        if i ^ 1 < len(level):
            proof.append(level[i ^ 1])
        level, i = _parents(level), i // 2
    return proof


def verify_proof(leaf_hash: bytes, i: int, count: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether leaf i of `count` leaves under `root` is leaf_hash; index and count fix the shape of the path."""
    if not 0 <= i < count:
        return False
    siblings, value = list(proof), leaf_hash
    while count > 1:
        if i ^ 1 < count:
            if not siblings:
                return False
            sibling = siblings.pop(0)
            value = node(sibling, value) if i % 2 else node(value, sibling)
        i, count = i // 2, (count + 1) // 2
    return not siblings and value == root


def block_roots(leaves: Sequence[bytes], height: int = BLOCK_HEIGHT) -> list[bytes]:
    """Roots of the aligned blocks of 2**height leaves; merkle_root(block_roots(leaves)) == merkle_root(leaves)."""
    size = 1 << height
    return [merkle_root(leaves[i : i + size]) for i in range(0, len(leaves), size)]


def proof_from_blocks(
    block_leaves: Sequence[bytes], index_in_block: int, roots: Sequence[bytes], block_index: int
) -> list[bytes]:
    """merkle_proof of one leaf from its own block and the roots of all blocks: 2**10 leaves, not two million."""
    return merkle_proof(block_leaves, index_in_block) + merkle_proof(roots, block_index)


# --- rules and seed ---


def rules_document(
    *,
    wave: str,
    mode: Mode,
    clusters: Sequence[str],
    groups: Sequence[str],
    regencies: Sequence[str],
    classes: Iterable[ClassRule],
    quota: Sequence[Sequence[int]],
    guarantee: Sequence[Sequence[int]] | None,
    beacon_rounds: Sequence[int],
    split_version: str,
    code_version: str,
) -> bytes:
    """The rule file: canonical JSON (sorted keys, no spaces, ASCII).

    clusters, groups and regencies are codes; their order gives the bits and the rows. quota is [regency][cluster],
    guarantee [regency][group]. beacon_rounds: the drand round and, in order, the ones to take if it never appears;
    empty for a draw by dice alone. ValueError for repeated or malformed codes and for tables of another shape.
    """
    classes = list(classes)
    for name, codes in (
        ("clusters", clusters),
        ("groups", groups),
        ("regencies", regencies),
        ("classes", [c.code for c in classes]),
    ):
        if len(set(codes)) != len(codes) or not all(re.fullmatch(_CODE, code) for code in codes):
            raise ValueError(f"{name}: codes must be well formed and distinct")
    for name, table, width in (("quota", quota, len(clusters)), ("guarantee", guarantee, len(groups))):
        if table is not None and [len(row) for row in table] != [width] * len(regencies):
            raise ValueError(f"{name}: expected {len(regencies)} rows of {width}")
    if not {(c.regency, c.cluster) for c in classes} <= {(r, c) for r in regencies for c in clusters}:
        raise ValueError("classes: unknown regency or cluster")
    content = {
        "version": VERSION,
        "wave": wave,
        "mode": mode,
        "clusters": list(clusters),
        "groups": list(groups),
        "regencies": list(regencies),
        "classes": [c._asdict() for c in classes],
        "quota": [[int(places) for places in row] for row in quota],
        "guarantee": None if guarantee is None else [[int(places) for places in row] for row in guarantee],
        "beacon_rounds": list(beacon_rounds),
        "split_version": split_version,
        "code_version": code_version,
    }
    return canonical_json(content)


def canonical_json(content: object) -> bytes:
    """Sorted keys, no spaces, ASCII, no line end."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def rules_digest(document: bytes) -> str:
    """SHA-256 of the rule file, hexadecimal."""
    return hashlib.sha256(document).hexdigest()


def normalise_dice(rolls: str) -> str:
    """The rolls without white space. ValueError for anything but 1-6, or fewer than 40 rolls."""
    dice = "".join(rolls.split())
    if not re.fullmatch("[1-6]*", dice):
        raise ValueError("dice: only the digits 1 to 6")
    if len(dice) < MIN_ROLLS:
        raise ValueError(f"dice: {len(dice)} rolls, at least {MIN_ROLLS} are needed")
    return dice


def derive_seed(rules_digest_hex: str, root_hex: str, dice: str, beacon_signature_hex: str) -> bytes:
    """SHA-256 of the ASCII text `jateng-offline-v1|<rules digest>|<list root>|<dice>|<signature, or - if none>`.

    ValueError unless digests and signature are lower-case hexadecimal of full length (a cut signature is no signature)
    and the dice are valid. Whether the signature is the named round's is checked where the key is known, not here.
    """
    for name, text, length in (
        ("rules_digest", rules_digest_hex, 64),
        ("root", root_hex, 64),
        ("beacon", beacon_signature_hex or "0" * SIGNATURE_HEX, SIGNATURE_HEX),
    ):
        if not re.fullmatch(f"[0-9a-f]{{{length}}}", text):
            raise ValueError(f"{name}: expected {length} lower-case hexadecimal digits")
    parts = (VERSION, rules_digest_hex, root_hex, normalise_dice(dice), beacon_signature_hex or "-")
    return hashlib.sha256("|".join(parts).encode("ascii")).digest()


# --- tickets and results ---


def ticket(seed: bytes, number: str) -> bytes:
    """H(seed | 0x00 | registration number): 256 bits, the smaller the better."""
    return hashlib.sha256(seed + b"\x00" + number.encode("ascii")).digest()


def draw_order(seed: bytes, numbers: Sequence[str]) -> NDArray[np.int64]:
    """(n,): order[r] is the index of the r-th best ticket. ValueError when a number appears twice."""
    if len(set(numbers)) != len(numbers):
        raise ValueError("numbers: a registration number appears twice")
    return ascending(b"".join(ticket(seed, number) for number in numbers), numbers)


def ascending(tickets: bytes, numbers: Sequence[str]) -> NDArray[np.int64]:
    """Indices by ascending 256-bit ticket (32 bytes each, concatenated), then by number."""
    words = np.frombuffer(tickets, ">u8").reshape(-1, 4).astype(np.uint64)
    order = np.argsort(words[:, 0], kind="stable")
    first = words[order, 0]
    if (first[1:] == first[:-1]).any():  # 64 bits of two honest tickets agree once in 10**7 draws of 2 million
        order = np.lexsort((np.array(numbers, np.str_), *words.T[::-1]))
    return order.astype(np.int64)


def result_lines(numbers: Sequence[str], class_codes: Sequence[str], allocation: Allocation) -> list[str]:
    """`number|class code or -|wish rank|pass`, sorted by number; ranks and passes as in `Allocation`.

    They are published and digested as the list is: `list_file`, `list_digest`.
    """
    rows = zip(
        numbers,
        allocation.class_index.tolist(),
        allocation.wish_rank.tolist(),
        allocation.admitted_pass.tolist(),
        strict=True,
    )
    lines = [(n, f"{n}|{class_codes[k] if k >= 0 else '-'}|{rank}|{t}") for n, k, rank, t in rows]
    return [line for _, line in sorted(lines)]
