#!/usr/bin/env python3
"""Check a draw from its published files, or one's own receipt. Python 3.9+, standard library only.

    python verify_draw.py PACK               a folder or a ZIP, the public or the auditors' pack
    python verify_draw.py receipt RECEIPT.json draw.json

One line per check, ending with the first that fails; exit status 0 when all hold. The auditors' pack is redone whole; of
the public pack each line says what it cannot show. Never checked: that the beacon signature is that of the named round.
A second implementation on purpose: it imports nothing of the portal and seats people by augmenting paths (Ford &
Fulkerson 1956) where the portal counts (Hall 1935).
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import zipfile
from bisect import bisect_right
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

VERSION = "jateng-offline-v1"
CODE, NUMBER = r"[0-9A-Za-z._-]{1,32}", r"[0-9A-Z-]{1,32}"
LINE = re.compile(rf"({NUMBER})\|({CODE})\|(\d+)\|(\d+)\|([01])\|((?:{CODE}(?:,{CODE}){{0,4}})?)")
PUBLIC = {"draw.json", "rules.json", "winners.txt", "cutoffs.csv"}
AUDITORS = {"cutoffs_all.csv", "results.txt", "list.txt", "salts.txt"}
HEADER = "regency,clusters,pass,position,ticket"
Json = dict[str, Any]
Files = Mapping[str, bytes]
Outcome = tuple[int, int, int]  # class or -1, wish rank, pass; as in results.txt


class Failure(Exception):
    """A check that does not hold: where (file, line) and what."""


def must(condition: object, where: str, what: str) -> None:
    if not condition:
        raise Failure(f"{where}: {what}")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def ticket_of(seed: bytes, number: str) -> str:
    return sha256(seed + b"\0" + number.encode("ascii"))


def lines_of(files: Files, name: str) -> list[str]:
    """The lines of an ASCII file whose every line ends with LF."""
    rows = files[name].decode("latin-1").split("\n")
    for at, row in enumerate(rows, 1):
        must(row.isascii() and "\r" not in row, f"{name} line {at}", "only ASCII, lines ended by LF alone")
    must(rows.pop() == "", f"{name} line {len(rows) + 1}", "the last line does not end with LF")
    return rows


class Person(NamedTuple):
    number: str
    regency: int
    clusters: int
    groups: int
    wishes: list[int]
    strict: bool


def read_list(rules: Json, lines: list[str]) -> list[Person]:
    regencies = {code: i for i, code in enumerate(rules["regencies"])}
    classes = {entry["code"]: i for i, entry in enumerate(rules["classes"])}
    people: list[Person] = []
    for at, line in enumerate(lines, 1):
        match, where = LINE.fullmatch(line), f"list.txt line {at}"
        if match is None:
            raise Failure(f"{where}: not number|regency|clusters|groups|strict|classes")
        number, regency, clusters, groups, strict, wishes = match.groups()
        ids = [classes.get(code, -1) for code in wishes.split(",") if code]
        must(not people or number > people[-1].number, where, f"{number} is out of order")
        foreign = int(clusters) >> len(rules["clusters"]) or int(groups) >> len(rules["groups"])
        must(regency in regencies and -1 not in ids and not foreign, where, "unknown code, cluster or group")
        people.append(Person(number, regencies[regency], int(clusters), int(groups), ids, strict == "1"))
    return people


def leaf(salt: str, line: str, where: str) -> bytes:
    must(re.fullmatch("[0-9a-f]{32}", salt), where, "salt: not 32 lower-case hexadecimal digits")
    return hashlib.sha256(b"\0" + bytes.fromhex(salt) + line.encode("ascii")).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def list_root(lines: list[str], salts: list[str]) -> str:
    must(len(salts) == len(lines), f"salts.txt line {len(salts)}", f"{len(salts)} salts for {len(lines)} lines")
    level = [leaf(salts[i], line, f"salts.txt line {i + 1}") for i, line in enumerate(lines)]
    while len(level) > 1:  # a lone node goes up unchanged
        level = [node(*level[i : i + 2]) for i in range(0, len(level) - 1, 2)] + level[len(level) & ~1 :]
    return (level[0] if level else hashlib.sha256().digest()).hex()


class Seating:
    """Kinds of people (cluster sets) seated in clusters, able to move: a bipartite flow."""

    def __init__(self, free: list[int]) -> None:
        self.free = free[:]
        self.seated: list[Counter[int]] = [Counter() for _ in free]

    def make_room(self, clusters: int) -> int:
        """Take a place in one of the clusters, moving others along a shortest augmenting path; -1 if none."""
        came: dict[int, tuple[int, int] | None] = {c: None for c in range(len(self.free)) if clusters >> c & 1}
        queue = deque(came)
        while queue:
            here = queue.popleft()
            if self.free[here]:
                self.free[here] -= 1
                while step := came[here]:
                    self.seated[here][step[1]] += 1
                    here = step[0]
                    self.seated[here][step[1]] -= 1
                return here
            for kind in [kind for kind, people in self.seated[here].items() if people]:
                for there in (c for c in range(len(self.free)) if kind >> c & 1 and c not in came):
                    came[there] = (here, kind)
                    queue.append(there)
        return -1

    def leave(self, kind: int) -> int:
        cluster = next(c for c, kinds in enumerate(self.seated) if kinds[kind])
        self.seated[cluster][kind] -= 1
        self.free[cluster] += 1
        return cluster

    def settle(self, kind: int, cluster: int) -> bool:
        """One of the kind takes a place of the cluster for good, if everybody else can still be seated."""
        old = self.leave(kind)
        if self.make_room(1 << cluster) >= 0:
            return True
        self.free[old] -= 1
        self.seated[old][kind] += 1
        return False


class Regency:
    """The draw in one regency. people: by position in the draw, ascending; seats are counted down."""

    def __init__(self, rules: Json, d: int, seats: list[int], people: dict[int, Person]) -> None:
        self.mode, self.seats, self.people, classes = rules["mode"], seats, people, enumerate(rules["classes"])
        own = {k: entry["cluster"] for k, entry in classes if entry["regency"] == rules["regencies"][d]}
        self.cell_of = {k: rules["clusters"].index(code) for k, code in own.items()}
        self.cells = [deque(k for k in own if own[k] == code) for code in rules["clusters"]]
        self.left = [min(rules["quota"][d][c], sum(seats[k] for k in cell)) for c, cell in enumerate(self.cells)]
        self.limits = [*(rules["guarantee"][d] if rules["guarantee"] is not None else []), len(people)]
        self.live: Counter[int] = Counter()  # people in, by group; the last group is everybody
        self.queues: list[defaultdict[int, deque[int]]] = [defaultdict(deque) for _ in self.limits]
        last = len(self.limits) - 1
        self.traits = {i: [*(t for t in range(last) if people[i].groups >> t & 1), last] for i in people}
        for i, person in people.items():
            for t in self.traits[i]:
                self.queues[t][person.clusters].append(i)
        self.outcome: dict[int, Outcome] = {}
        while self.choose(*self.admit()):
            pass

    def admit(self) -> tuple[Seating, list[int]]:
        seating, closed, admitted = Seating(self.left), set(), []
        for t, queues in enumerate(self.queues):
            while self.live[t] < self.limits[t]:
                heads = [(queue[0], kind) for kind, queue in queues.items() if queue and kind not in closed]
                if not heads:
                    break
                position, kind = min(heads)
                if position not in self.outcome:
                    cluster = seating.make_room(kind)
                    if cluster < 0:
                        closed.add(kind)
                        continue
                    seating.seated[cluster][kind] += 1
                    self.outcome[position] = (-1, -1, t)
                    self.live.update(self.traits[position])
                    admitted.append(position)
                queues[kind].popleft()
        return seating, sorted(admitted)

    def choose(self, seating: Seating, admitted: list[int]) -> bool:
        """Whether a place was given back, so that another turn follows."""
        for position in admitted:
            person = self.people[position]
            k, rank = self.choice(seating, person)
            self.outcome[position] = (k, rank, self.outcome[position][2])
            if k >= 0:
                self.seats[k] -= 1
                self.left[self.cell_of[k]] -= 1
            else:
                self.live.subtract(self.traits[position])
                if self.mode == "guarded":
                    seating.leave(person.clusters)
        return any(self.outcome[position][0] < 0 for position in admitted)

    def choice(self, seating: Seating, person: Person) -> tuple[int, int]:
        def take(c: int) -> bool:
            return self.left[c] > 0 if self.mode == "sd" else seating.settle(person.clusters, c)

        for rank, k in enumerate(person.wishes):
            c = self.cell_of.get(k, -1)
            if c >= 0 and person.clusters >> c & 1 and self.seats[k] and take(c):
                return k, rank
        for c, cell in enumerate([] if person.strict else self.cells):
            while cell and not self.seats[cell[0]]:
                cell.popleft()
            if person.clusters >> c & 1 and cell and take(c):
                return cell[0], 5
        return -1, -1


def allocate(rules: Json, people: list[Person], order: list[int]) -> tuple[list[Outcome], dict[Any, int]]:
    """The outcome of each person; (regency, cluster set, pass) -> last admitted position."""
    members: list[dict[int, Person]] = [{} for _ in rules["regencies"]]
    for position, i in enumerate(order):
        members[people[i].regency][position] = people[i]
    seats = [entry["seats"] for entry in rules["classes"]]
    results, cutoffs = [(-1, -1, -1)] * len(people), {}
    for d, own in enumerate(members):
        for position, found in sorted(Regency(rules, d, seats, own).outcome.items()):
            results[order[position]] = found
            cutoffs[d, own[position].clusters, found[2]] = position
    return results, cutoffs


def compare(files: Files, name: str, expected: list[str]) -> None:
    got = lines_of(files, name)
    for at, want in enumerate([*expected, "nothing"], 1):
        must(got[at - 1 : at] == [want][: len(expected) - at + 1], f"{name} line {at}", f"recomputed: {want}")


def check_all(files: Files, draw: Json, rules: Json, seed: bytes) -> Iterator[str]:
    """The auditors' pack: everything is recomputed from the list, the public files too."""
    lines = lines_of(files, "list.txt")
    people = read_list(rules, lines)
    must(sha256(files["list.txt"]) == draw["list_sha256"], "list.txt", "not the list that was frozen")
    must(list_root(lines, lines_of(files, "salts.txt")) == draw["list_root"], "salts.txt", "not the list root")
    yield f"list.txt, salts.txt: {len(lines)} lines, the frozen list under the published root"
    tickets = [ticket_of(seed, person.number) for person in people]
    order = sorted(range(len(people)), key=lambda i: (tickets[i], people[i].number))
    results, cutoffs = allocate(rules, people, order)
    rows, last = [], 0 if rules["guarantee"] is None else len(rules["groups"])
    for (d, kind, t), position in sorted(cutoffs.items()):
        names = "+".join(code for c, code in enumerate(rules["clusters"]) if kind >> c & 1)
        rows.append((t, f"{rules['regencies'][d]},{names},{t},{position + 1},{tickets[order[position]]}"))
    compare(files, "cutoffs_all.csv", [HEADER, *(row for _, row in rows)])
    compare(files, "cutoffs.csv", [HEADER, *(row for t, row in rows if t == last)])
    yield f"cutoffs_all.csv, cutoffs.csv: {len(rows)} cut-offs recomputed, and which of them are public"
    codes = [*(entry["code"] for entry in rules["classes"]), "-"]
    outcome = [(people[i].number, codes[k], rank, t) for i, (k, rank, t) in enumerate(results)]
    winners = [f"{number}|{code}" for number, code, _, _ in outcome if code != "-"]
    compare(files, "results.txt", [f"{number}|{code}|{rank}|{t}" for number, code, rank, t in outcome])
    compare(files, "winners.txt", winners)
    must(sha256(files["results.txt"]) == draw["result_sha256"], "draw.json", "result_sha256 is of other results")
    counts = {"applicants": len(lines), "winners": len(winners)}
    must(draw["counts"] == counts, "draw.json", f"counts: recomputed {counts}")
    yield f"results.txt, winners.txt: {len(winners)} winners of {len(lines)} applicants recomputed"


def check_public(files: Files, draw: Json, rules: Json, seed: bytes) -> Iterator[str]:
    """The public pack: all that follows without the list, and in each line what does not."""
    room: Counter[Any] = Counter({entry["code"]: entry["seats"] for entry in rules["classes"]})
    cell_of = {entry["code"]: (entry["regency"], entry["cluster"]) for entry in rules["classes"]}
    few, final = ("none", 0) if rules["guarantee"] is None else ("no more than places guaranteed", len(rules["groups"]))
    promised = {r: sum(rules["guarantee"][d]) if final else 0 for d, r in enumerate(rules["regencies"])}
    for d, r in enumerate(rules["regencies"]):
        room.update({(r, c): rules["quota"][d][i] for i, c in enumerate(rules["clusters"])})
    won: list[tuple[str, tuple[str, str], str]] = []
    for at, row in enumerate(lines_of(files, "winners.txt"), 1):
        (number, code), where = row.split("|"), f"winners.txt line {at}"
        must(not won or number > won[-1][0], where, f"{number} is out of order")
        must(code in cell_of, where, f"unknown class {code}")
        room.subtract((code, cell_of[code]))
        must(min(room[code], room[cell_of[code]]) >= 0, where, f"more winners than places in {code} or in its cell")
        won.append((number, cell_of[code], where))
    must(len(won) == draw["counts"]["winners"], "draw.json", f"counts: {len(won)} winners")
    yield f"winners.txt: {len(won)} winners within seats and quotas; not shown: that they are on the list"
    marks, furthest = [], dict.fromkeys(room, "")
    for at, row in enumerate(lines_of(files, "cutoffs.csv")[1:], 2):
        (regency, names, t, position, last), where = row.split(","), f"cutoffs.csv line {at}"
        must(t == str(final), where, f"not of pass {final}, the last")
        marks.append((int(position), last, where))
        for cell in ((regency, c) for c in names.split("+")):
            furthest[cell] = max(last, furthest[cell])
    others, before = draw["counts"]["applicants"] - len(won), (0, "")
    winning = sorted(ticket_of(seed, number) for number, _, _ in won)
    for rank, last, where in sorted(marks):
        must(before[0] < rank and before[1] < last, where, "positions and tickets do not ascend together")
        ahead = bisect_right(winning, last)
        must(ahead <= rank <= ahead + others, where, f"{ahead} winners up to its ticket")
        before = rank, last
    yield f"cutoffs.csv: {len(marks)} cut-offs in the order of their tickets; not shown: that the draw stopped there"
    for number, cell, where in won:
        promised[cell[0]] -= ticket_of(seed, number) > furthest[cell]
        must(promised[cell[0]] >= 0, where, f"ticket beyond every cut-off of {cell}")
    yield f"winners.txt: {few} beyond the cut-offs; not shown, but by auditors' pack or own receipt: that nobody is left out"


def parsed(data: bytes, where: str) -> Json:
    try:
        return dict(json.loads(data))
    except (RecursionError, TypeError, ValueError) as error:
        raise Failure(f"{where}: not a JSON object ({error})") from error


def check_draw(data: bytes) -> Json:
    canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
    draw = parsed(data, "draw.json")
    must(canonical(draw).encode("ascii") == data, "draw.json", "not canonical JSON")
    digest = sha256(canonical({key: draw[key] for key in draw if key != "digest"}).encode("ascii"))
    must(digest == draw.get("digest"), "draw.json", f"digest: recomputed {digest}")
    return draw


def check_pack(files: Files) -> Iterator[str]:
    expected = PUBLIC | AUDITORS if AUDITORS & set(files) else PUBLIC
    for name in sorted(expected ^ set(files)):
        raise Failure(f"{name}: {'missing' if name in expected else 'does not belong to the pack'}")
    draw = check_draw(files["draw.json"])
    yield f"draw.json: digest {draw['digest']}"
    must(sha256(files["rules.json"]) == draw["rules_digest"], "rules.json", "not the rules that draw.json names")
    rules = parsed(files["rules.json"], "rules.json")
    found = rules["version"], rules["wave"], rules["mode"] in ("guarded", "sd")
    must(found == (VERSION, draw["wave"], True), "rules.json", f"version, wave, known mode: {found}")
    for name in ("clusters", "groups", "regencies", "classes"):
        codes = [entry["code"] if name == "classes" else entry for entry in rules[name]]
        must(len(set(codes)) == len(codes), "rules.json", f"{name}: repeated code")
    yield f"rules.json: digest {draw['rules_digest']}"
    for name, member in (("winners.txt", "winners_sha256"), ("cutoffs.csv", "cutoffs_sha256")):
        must(sha256(files[name]) == draw[member], name, "not the file that draw.json names")
    dice, beacon, signature = draw["dice"], draw["beacon"], "-"
    must(re.fullmatch("[1-6]{40,}", dice), "draw.json", "dice: at least 40 digits from 1 to 6")
    must((beacon is None) == (not rules["beacon_rounds"]), "draw.json", "beacon: not as the rules say")
    if beacon is not None:
        must(beacon["round"] in rules["beacon_rounds"], "draw.json", "beacon: a round the rules do not name")
        signature = beacon["signature"]
        must(re.fullmatch("[0-9a-f]{96}", signature), "draw.json", "beacon: not a whole signature")
    seed = sha256("|".join((VERSION, draw["rules_digest"], draw["list_root"], dice, signature)).encode("ascii"))
    must(seed == draw["seed"], "draw.json", f"seed: recomputed {seed}")
    yield f"draw.json: seed {seed} follows from rules, list, dice and beacon"
    yield from (check_public if expected == PUBLIC else check_all)(files, draw, rules, bytes.fromhex(seed))


def check_receipt(receipt: bytes, draw_file: bytes) -> Iterator[str]:
    """One's own line, salt and path against the published list root, and the ticket."""
    draw, own = check_draw(draw_file), parsed(receipt, "receipt")
    line, i, count = own["line"], own["index"], draw["counts"]["applicants"]
    value, path = leaf(own["salt"], line, "receipt"), deque(map(bytes.fromhex, own["proof"]))
    while count > 1:
        if i ^ 1 < count:
            value = node(path.popleft(), value) if i % 2 else node(value, path.popleft())
        i, count = i // 2, (count + 1) // 2
    must(not path and value.hex() == draw["list_root"], "receipt", "the line is not under the list root")
    yield f"receipt: {line} is on the frozen list"
    if draw.get("seed"):  # a list is published before there is a seed
        ticket = ticket_of(bytes.fromhex(draw["seed"]), line.split("|")[0])
        must(own.get("ticket", ticket) == ticket, "receipt", f"ticket: recomputed {ticket}")
        yield f"receipt: the ticket is {ticket}"


def load(source: Path) -> dict[str, bytes]:
    if source.is_dir():
        return {path.name: path.read_bytes() for path in source.iterdir()}
    with zipfile.ZipFile(source) as archive:
        must(len(set(archive.namelist())) == len(archive.namelist()), source.name, "a file appears twice")
        return {name: archive.read(name) for name in archive.namelist()}


def report(checks: Iterator[str]) -> tuple[bool, list[str]]:
    """Whether all checks hold, and one line for each; the first failure ends the report."""
    lines = []
    try:
        for held in checks:
            lines.append(f"ok   {held}")
    except (Failure, AttributeError, LookupError, TypeError, ValueError) as error:
        what = error if isinstance(error, Failure) else f"malformed content ({error!r})"
        return False, [*lines, f"FAIL {what}"]
    return True, lines


def main(arguments: list[str]) -> int:
    try:
        own = (Path(name).read_bytes() for name in arguments[1:])
        passed, lines = report(check_receipt(*own) if arguments[1:] else check_pack(load(Path(arguments[0]))))
    except Exception as error:  # unreadable is refused, whatever zipfile makes of it
        passed, lines = False, [f"FAIL {error}"]
    print("\n".join(lines))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) if sys.argv[1:] else __doc__)
