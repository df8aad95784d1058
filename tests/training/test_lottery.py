"""The draw's formats: lines, tree, rules, seed, tickets, results; and the attacks that end here."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.allocation import Allocation
from training.lottery import (
    ClassRule,
    ascending,
    block_roots,
    canonical_line,
    derive_seed,
    draw_order,
    leaf,
    list_digest,
    list_file,
    merkle_proof,
    merkle_root,
    node,
    normalise_dice,
    proof_from_blocks,
    result_lines,
    rules_digest,
    rules_document,
    ticket,
    verify_proof,
)

DICE = "1234561234561234561234561234561234561234"
SIGNATURE = "ab" * 48
DIGEST, ROOT = "0" * 64, "1" * 64
SALT = bytes(16)
leaves = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70)


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


# --- lines and list ---


def test_canonical_line() -> None:
    assert canonical_line("R7-K2", "33.74", 5, 3, True, ["K1", "K-2"]) == "R7-K2|33.74|5|3|1|K1,K-2"
    assert canonical_line("R7-K2", "33.74", 0, 0, False, []) == "R7-K2|33.74|0|0|0|"


@pytest.mark.parametrize(
    "change",
    [
        {"number": ""},
        {"number": "R|1"},
        {"number": "R\n1"},
        {"number": "r1"},
        {"number": "Ř1"},
        {"regency": "33,74"},
        {"clusters": -1},
        {"groups": 100_000},
        {"classes": ["K1,K2"]},
        {"classes": ["K1|"]},
        {"classes": [""]},
        {"classes": ["K1"] * 6},
        {"classes": ["K1\r"]},
    ],
)
def test_line_that_could_be_read_in_two_ways_is_refused(change: dict[str, Any]) -> None:
    good = {"number": "R1", "regency": "33.74", "clusters": 1, "groups": 0, "strict": False, "classes": ["K1"]}
    canonical_line(**good)
    with pytest.raises(ValueError, match="not canonical"):
        canonical_line(**good | change)


def test_list_file_is_what_sha256sum_reads() -> None:
    lines = ["A1|33.74|1|0|0|", "A2|33.74|1|0|0|K1"]
    assert list_file(lines) == b"A1|33.74|1|0|0|\nA2|33.74|1|0|0|K1\n"
    summed = subprocess.run(["sha256sum"], input=list_file(lines), capture_output=True, check=True).stdout
    assert list_digest(lines) == summed.split()[0].decode()
    assert list_file([]) == b""


def test_numbers_ascend_as_text_even_when_one_begins_with_the_other() -> None:
    list_file(["A|x", "A-|x", "A1|x", "A12|x", "AB|x"])


@pytest.mark.parametrize("lines", [["A2|x", "A1|x"], ["A1|x", "A1|y"]])
def test_reordered_lines_and_duplicate_numbers_are_refused_at_the_freeze(lines: list[str]) -> None:
    with pytest.raises(ValueError, match="ascend"):
        list_digest(lines)


# --- tree ---


def test_tree_by_hand() -> None:
    a, b, c = (leaf(SALT, line) for line in "abc")
    assert a == sha256(b"\x00" + SALT + b"a")
    assert node(a, b) == sha256(b"\x01" + a + b)
    assert merkle_root([]) == sha256(b"")
    assert merkle_root([a]) == a
    assert merkle_root([a, b, c]) == node(node(a, b), c)
    assert merkle_proof([a, b, c], 2) == [node(a, b)]


@given(leaves, st.data())
@settings(deadline=None)
def test_every_leaf_is_proved_and_nothing_else(tree: list[bytes], data: st.DataObject) -> None:
    root, count = merkle_root(tree), len(tree)
    i = data.draw(st.integers(0, count - 1))
    proof = merkle_proof(tree, i)
    assert verify_proof(tree[i], i, count, proof, root)
    other = data.draw(st.binary(min_size=32, max_size=32))
    assert verify_proof(other, i, count, proof, root) == (other == tree[i])
    assert not verify_proof(tree[i], i, count, [*proof, other], root)
    assert not verify_proof(tree[i], i, count, proof[:-1], root) or not proof
    assert not verify_proof(tree[i], count, count, proof, root)
    assert not verify_proof(tree[i], -1, count, proof, root)
    wrong = data.draw(st.integers(0, count - 1).filter(lambda j: tree[j] != tree[i])) if len(set(tree)) > 1 else i
    assert wrong == i or not verify_proof(tree[i], wrong, count, merkle_proof(tree, wrong), root)


@given(leaves, st.integers(0, 4))
@settings(deadline=None)
def test_blocks_give_the_same_root_and_proofs(tree: list[bytes], height: int) -> None:
    roots, size = block_roots(tree, height), 1 << height
    assert merkle_root(roots) == merkle_root(tree)
    for i in range(len(tree)):
        block = tree[i // size * size :][:size]
        assert proof_from_blocks(block, i % size, roots, i // size) == merkle_proof(tree, i)


@given(leaves, st.data())
@settings(deadline=None)
def test_root_depends_on_every_leaf_and_on_their_order(tree: list[bytes], data: st.DataObject) -> None:
    i = data.draw(st.integers(0, len(tree) - 1))
    changed = [*tree[:i], sha256(tree[i]), *tree[i + 1 :]]
    assert merkle_root(changed) != merkle_root(tree)
    shuffled = data.draw(st.permutations(tree))
    assert (merkle_root(shuffled) == merkle_root(tree)) == (shuffled == tree)
    assert merkle_root([*tree, tree[-1]]) != merkle_root(tree)  # a lone node is promoted, not doubled


def test_a_node_is_not_accepted_as_a_leaf() -> None:
    a, b = leaf(SALT, "a"), leaf(SALT, "b")
    forged = (a + b).decode("latin-1")
    assert node(a, b) != sha256(b"\x00" + forged.encode("latin-1"))


@pytest.mark.parametrize("salt", [b"", bytes(15), bytes(17)])
def test_missing_or_cut_salt_is_refused(salt: bytes) -> None:
    with pytest.raises(ValueError, match="salt"):
        leaf(salt, "A1|33.74|1|0|0|")


def test_proof_of_a_leaf_that_is_not_there() -> None:
    with pytest.raises(IndexError):
        merkle_proof([SALT], 1)
    with pytest.raises(IndexError):
        merkle_proof([SALT], -1)


# --- rules and seed ---

RULES: dict[str, Any] = {
    "wave": "2026-1",
    "mode": "guarded",
    "clusters": ["PMI", "PHK"],
    "groups": ["women"],
    "regencies": ["33.01", "33.74"],
    "classes": [ClassRule("K1", "33.01", "PMI", 16)],
    "quota": [[1, 2], [3, 4]],
    "guarantee": None,
    "beacon_rounds": [1000, 1001],
    "split_version": "7",
    "code_version": "0.1.0",
}


def test_rules_are_canonical_json_and_everything_counts() -> None:
    document = rules_document(**RULES)
    assert document == json.dumps(json.loads(document), sort_keys=True, separators=(",", ":")).encode("ascii")
    assert rules_digest(document) == hashlib.sha256(document).hexdigest()
    changes = {
        "wave": "2026-2", "mode": "sd", "clusters": ["PHK", "PMI"], "groups": ["disability"], "classes": [],
        "regencies": ["33.74", "33.01"], "quota": [[1, 2], [3, 5]], "guarantee": [[0], [0]],
        "beacon_rounds": [1000], "split_version": "8", "code_version": "0.1.1",
    }  # fmt: skip
    assert changes.keys() == RULES.keys()
    digests = {rules_digest(rules_document(**RULES | {key: value})) for key, value in changes.items()}
    assert len(digests | {rules_digest(document)}) == len(changes) + 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("clusters", ["PMI", "PMI"]),
        ("clusters", ["PMI", "P|K"]),
        ("regencies", ["33.01", "33.01"]),
        ("groups", [""]),
        ("quota", [[1, 2]]),
        ("quota", [[1, 2], [3]]),
        ("guarantee", [[1], [1, 2]]),
        ("classes", [ClassRule("K1", "33.99", "PMI", 16)]),
        ("classes", [ClassRule("K1", "33.01", "PMI", 16)] * 2),
    ],
)
def test_rules_of_another_shape_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        rules_document(**RULES | {name: value})


def test_dice_are_normalised_and_checked() -> None:
    assert normalise_dice(" ".join(DICE) + "\n") == DICE
    for wrong in (DICE[1:], DICE + "0", DICE + "7", DICE + "a", DICE + "١", ""):
        with pytest.raises(ValueError, match="dice"):
            normalise_dice(wrong)


def test_seed_is_what_sha256sum_gives() -> None:
    for signature in (SIGNATURE, ""):
        text = f"jateng-offline-v1|{DIGEST}|{ROOT}|{DICE}|{signature or '-'}"
        summed = subprocess.run(["sha256sum"], input=text.encode(), capture_output=True, check=True).stdout
        assert derive_seed(DIGEST, ROOT, DICE, signature).hex() == summed.split()[0].decode()


def test_seed_cannot_be_chosen_by_any_one_party() -> None:
    """Rules, list, dice and beacon come from different hands at different times; each moves the seed."""
    seeds = {
        derive_seed(DIGEST, ROOT, DICE, SIGNATURE),
        derive_seed("f" * 64, ROOT, DICE, SIGNATURE),
        derive_seed(DIGEST, "f" * 64, DICE, SIGNATURE),
        derive_seed(DIGEST, ROOT, DICE[::-1], SIGNATURE),
        derive_seed(DIGEST, ROOT, DICE, "cd" * 48),
        derive_seed(DIGEST, ROOT, DICE, ""),
    }
    assert len(seeds) == 6


@pytest.mark.parametrize("signature", [SIGNATURE[:-2], SIGNATURE + "00", SIGNATURE.upper(), "-", " " * 96])
def test_truncated_or_disguised_signature_is_refused(signature: str) -> None:
    with pytest.raises(ValueError, match="beacon"):
        derive_seed(DIGEST, ROOT, DICE, signature)


@pytest.mark.parametrize(("rules", "root"), [(DIGEST[1:], ROOT), (DIGEST, ROOT[:-1] + "G"), (DIGEST, ROOT[:-1] + "\n")])
def test_digests_of_another_form_are_refused(rules: str, root: str) -> None:
    with pytest.raises(ValueError, match="lower-case hexadecimal"):
        derive_seed(rules, root, DICE, SIGNATURE)


def test_ground_numbers_gain_nothing_since_the_list_moves_the_seed() -> None:
    """Whoever swaps a number on the frozen list to get a better ticket draws for everybody anew."""
    before, after, trials = 0, 0, 400
    for trial in range(trials):
        rng = random.Random(trial)
        numbers = [f"{rng.getrandbits(60):X}" for _ in range(9)]
        seed = sha256(str(trial).encode())
        ground = min((f"G{i}" for i in range(200)), key=lambda number, seed=seed: ticket(seed, number))
        before += draw_order(seed, [*numbers, ground])[0] == 9
        tree = [leaf(SALT, number) for number in sorted([*numbers, ground])]
        moved = derive_seed(DIGEST, merkle_root(tree).hex(), DICE, SIGNATURE)
        after += draw_order(moved, [*numbers, ground])[0] == 9
    assert before / trials > 0.9
    assert after / trials == pytest.approx(0.1, abs=0.06)  # one in ten, within 4 standard deviations


# --- tickets and results ---


@given(st.binary(min_size=32, max_size=32), st.lists(st.from_regex(r"\A[0-9A-Z-]{1,8}\Z"), max_size=30, unique=True))
@settings(deadline=None)
def test_order_is_by_ticket_then_number(seed: bytes, numbers: list[str]) -> None:
    expected = sorted(
        numbers, key=lambda number: (int.from_bytes(sha256(seed + b"\0" + number.encode()), "big"), number)
    )
    order = draw_order(seed, numbers)
    assert [numbers[i] for i in order] == expected
    assert order.dtype == np.int64


@given(st.lists(st.tuples(st.sampled_from([0, 1, 2**64, 2**64 + 1, 2**192, 2**255]), st.integers(0, 99)), max_size=12))
@settings(deadline=None)
def test_equal_ticket_prefixes_are_told_apart_and_equal_tickets_go_by_number(pairs: list[tuple[int, int]]) -> None:
    numbers = [f"{number}-{i:02}" for i, (_, number) in enumerate(pairs)]
    tickets = b"".join(value.to_bytes(32, "big") for value, _ in pairs)
    expected = sorted(range(len(pairs)), key=lambda i: (pairs[i][0], numbers[i]))
    assert ascending(tickets, numbers).tolist() == expected


def test_duplicate_number_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        draw_order(bytes(32), ["A1", "A2", "A1"])


def test_results() -> None:
    given_ = Allocation(
        np.array([1, -1, 0], np.int32), np.array([0, -1, 5], np.int8), np.array([2, -1, 1], np.int8), {}
    )
    lines = result_lines(["C", "A", "B"], ["K1", "K2"], given_)
    assert lines == ["A|-|-1|-1", "B|K1|5|1", "C|K2|0|2"]
    assert list_digest(lines) == hashlib.sha256(b"A|-|-1|-1\nB|K1|5|1\nC|K2|0|2\n").hexdigest()
