"""The draw at full size: 2,000,000 applicants through the engine, 200,000 through the stand-alone verifier.

    python -m bench.allocation [applicants applicants-of-the-verifier]

The limit that the engine is measured against is one numpy argsort of the tickets in the same run, the least that any
draw needs. Exit status 1 when seats or quotas are exceeded or the verifier disagrees.
"""

from __future__ import annotations

import hashlib
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from training import verify_draw
from training.allocation import Allocation, allocate
from training.lottery import (
    ClassRule,
    canonical_line,
    derive_seed,
    draw_order,
    leaf,
    list_digest,
    merkle_root,
    rules_digest,
    rules_document,
)
from training.pack import build_pack, write_pack

REGENCIES, CLUSTERS, GROUPS = 35, 4, 4
SEATS, PEOPLE_PER_CLASS = 16, 64  # 31,250 classes and 500,000 places for 2,000,000 applicants
DICE = "123456" * 7


def synthetic(n: int, strict: float = 0.1, seed: int = 1) -> dict[str, Any]:
    """Random applicants who list classes of their own regency."""
    rng = np.random.default_rng(seed)
    k = max(n // PEOPLE_PER_CLASS, REGENCIES * CLUSTERS)
    class_regency = (np.arange(k) % REGENCIES).astype(np.int16)
    regency = rng.integers(0, REGENCIES, n).astype(np.int16)
    wishes = rng.integers(0, k // REGENCIES, (n, 5)) * REGENCIES + regency[:, None]
    return {
        "order": rng.permutation(n),
        "regency": regency,
        "clusters": rng.integers(1, 1 << CLUSTERS, n).astype(np.uint16),
        "groups": rng.integers(0, 1 << GROUPS, n).astype(np.uint16),
        "wishes": wishes.astype(np.int32),
        "strict": rng.random(n) < strict,
        "class_regency": class_regency,
        "class_cluster": (np.arange(k) // REGENCIES % CLUSTERS).astype(np.int8),
        "seats": np.full(k, SEATS, np.int32),
        "quota": np.full((REGENCIES, CLUSTERS), k * SEATS // (REGENCIES * CLUSTERS), np.int32),
        "guarantee": np.full((REGENCIES, GROUPS), k * SEATS // REGENCIES // 20, np.int32),
    }


def sound(x: dict[str, Any], given: Allocation) -> bool:
    taken = np.bincount(given.class_index[given.class_index >= 0], minlength=x["seats"].size)
    cells = np.zeros_like(x["quota"])
    np.add.at(cells, (x["class_regency"], x["class_cluster"]), taken)
    return bool((taken <= x["seats"]).all() and (cells <= x["quota"]).all())


def engine(n: int) -> bool:
    allocate(**synthetic(1000))  # compile, or load the compiled code
    tickets = np.random.default_rng(2).integers(0, 1 << 63, n)
    started = time.perf_counter()
    np.argsort(tickets)
    limit = time.perf_counter() - started
    holds = True
    for strict in (0.0, 0.1, 1.0):
        x = synthetic(n, strict)
        started = time.perf_counter()
        given = allocate(**x)
        seconds = time.perf_counter() - started
        holds &= sound(x, given)
        digest = hashlib.sha256(given.class_index.tobytes() + given.admitted_pass.tobytes()).hexdigest()[:16]
        print(
            f"RESULT allocation applicants={n} classes={x['seats'].size} strict={strict} "
            f"placed={(given.class_index >= 0).sum()} digest={digest} "
            f"seconds={seconds:.2f} ratio={seconds / limit:.1f}"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"RESULT allocation_memory applicants={n} peak_bytes={peak}")
    return holds


def verifier(n: int) -> bool:
    """Freeze, draw, pack, and run the verifier as an auditor would."""
    x = synthetic(n)
    rules = rules_document(
        wave="bench", mode="guarded", split_version="1", code_version="bench", beacon_rounds=[],
        clusters=[f"C{c}" for c in range(CLUSTERS)], groups=[f"G{g}" for g in range(GROUPS)],
        regencies=[f"R{d:02}" for d in range(REGENCIES)], quota=x["quota"].tolist(), guarantee=x["guarantee"].tolist(),
        classes=[ClassRule(f"K{k}", f"R{d:02}", f"C{c}", SEATS)
                 for k, (d, c) in enumerate(zip(x["class_regency"], x["class_cluster"], strict=True))],
    )  # fmt: skip
    numbers = [f"N{i:07}" for i in range(n)]
    columns = (x[name].tolist() for name in ("regency", "clusters", "groups", "strict", "wishes"))
    lines = [
        canonical_line(number, f"R{d:02}", clusters, groups, strict, [f"K{k}" for k in wishes])
        for number, d, clusters, groups, strict, wishes in zip(numbers, *columns, strict=True)
    ]
    salts = [hashlib.sha256(number.encode()).digest()[:16] for number in numbers]
    root = merkle_root([leaf(salt, line) for salt, line in zip(salts, lines, strict=True)]).hex()
    seed = derive_seed(rules_digest(rules), root, DICE, "")
    started = time.perf_counter()
    order = draw_order(seed, numbers)
    print(f"RESULT draw_order applicants={n} seconds={time.perf_counter() - started:.2f}")
    draw = {
        "wave": "bench", "rules_digest": rules_digest(rules), "list_sha256": list_digest(lines), "list_root": root,
        "dice": DICE, "beacon": None, "seed": seed.hex(),
    }  # fmt: skip
    files = build_pack(
        audience="auditors", draw=draw, rules=rules, lines=lines, salts=salts, order=order,
        allocation=allocate(**x | {"order": order}),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "pack.zip")
        write_pack(target, files)
        started = time.perf_counter()
        done = subprocess.run([sys.executable, "-I", verify_draw.__file__, target], check=False)
        print(
            f"RESULT verifier applicants={n} pack_bytes={target.stat().st_size} "
            f"seconds={time.perf_counter() - started:.1f}"
        )
    return done.returncode == 0


if __name__ == "__main__":
    people, verified = map(int, sys.argv[1:] or (2_000_000, 200_000))
    sys.exit(0 if engine(people) & verifier(verified) else 1)
