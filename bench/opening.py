"""The opening minute: `make bench-opening` (about two minutes).

Prepared people arrive at twice the rate that the same web processes accepted just before, for 15 seconds, each on a connection
of its own whether or not earlier ones were answered (open loop). Everybody gets a receipt, a ticket, or is counted as refused;
who got a ticket comes back when it says. Afterwards the database holds every acknowledged step, once. Exit status 1 otherwise.
"""

import asyncio
import re
import sys
from collections import Counter
from dataclasses import dataclass, field

from bench import http, open_wave, own_portal

SECONDS, WARM, FIRST, CLIENTS, PATIENCE = 15, 400, 2_000, 16, 60
TICKET = re.compile(rb'name="tiket" value="([^"]+)"')
AFTER = re.compile(rb"retry-after: (\d+)", re.IGNORECASE)


@dataclass
class Tally:
    """What arrivals got; `acknowledged`: whose receipt came."""

    got: Counter[str] = field(default_factory=Counter)
    acknowledged: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    back: list[tuple[float, str, str]] = field(default_factory=list)  # when, whose slip, with which ticket


async def arrive(port: int, slip: str, tally: Tally, *, ticket: str = "") -> None:
    """One click: connect, send, read to the end."""
    fields = {"slip": slip} | ({"tiket": ticket} if ticket else {})
    request = http.post("/daftar/gabung/", fields).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
    clock = asyncio.get_running_loop().time
    began = clock()
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            answer = await reader.read()
            writer.close()
    except TimeoutError:
        tally.got["no_answer"] += 1
        return
    except OSError:
        tally.got["refused"] += 1
        return
    tally.waits.append(clock() - began)
    status, found, after = answer[9:12], TICKET.search(answer), AFTER.search(answer)
    if status == b"302":
        tally.got["receipt"] += 1
        tally.acknowledged.append(slip)
    elif status == b"503" and found and after:
        tally.got["ticket"] += 1
        tally.back.append((clock() + int(after[1]), slip, found[1].decode()))
    else:
        tally.got["clean_503" if status == b"503" and after else f"status_{status.decode(errors='replace')}"] += 1


async def crowd(port: int, slips: list[str], rate: float) -> tuple[Tally, Tally]:
    """Everybody at their moment; then those with a ticket, at theirs. What the first click brought, and the later ones."""
    clock, first, later = asyncio.get_running_loop().time, Tally(), Tally()
    began, arrivals = clock(), []
    for i, slip in enumerate(slips):
        if (early := began + i / rate - clock()) > 0:
            await asyncio.sleep(early)
        arrivals.append(asyncio.create_task(arrive(port, slip, first)))
    await asyncio.gather(*arrivals)
    waiting = first.back
    while waiting:
        later.back, returns = [], []
        for moment, slip, ticket in sorted(waiting):
            await asyncio.sleep(max(moment - clock(), 0))
            returns.append(asyncio.create_task(arrive(port, slip, later, ticket=ticket)))
        await asyncio.gather(*returns)
        waiting = later.back
    return first, later


def measure() -> bool:
    from django.utils import timezone

    from prakerja.rehearsal import drive, province
    from records.models import Event
    from registrations.models import Registration
    from registrations.services.bulk import register_many
    from tests.faults.workers import database_url

    now = timezone.now()
    wave = open_wave(now)
    places, serial = province.places(now.date()), 0

    def prepared(count: int) -> list[str]:
        """Slips of so many more people who have not joined."""
        nonlocal serial
        several = drive.Crowd(count=count * 4 // 3 + 50, places=places, first_serial=serial)
        serial += several.count
        known = set(Registration.objects.values_list("pk", flat=True))
        register_many(wave=wave, people=several.people(seed=serial, now=now), now=now, join=False)
        return [each.slip for each in Registration.objects.exclude(pk__in=known)[:count]]

    slips = prepared(WARM + FIRST)
    ours = "prakerja.operations.worker.Worker"
    with http.web("prakerja.wsgi:application", worker_class=ours, DATABASE_URL=database_url()) as (port, _web):
        requests = [http.post("/daftar/gabung/", {"slip": slip}) for slip in slips]
        http.ask_all(port, requests[:WARM], connections=CLIENTS)
        statuses, _waits, seconds = http.ask_all(port, requests[WARM:], connections=CLIENTS)
        assert set(statuses) == {302}, statuses[:5]  # noqa: S101
        accepted = FIRST / seconds
        more = prepared(int(2 * accepted * SECONDS))
        first, later = asyncio.run(crowd(port, more, 2 * accepted))
    acknowledged = [Registration.of_slip(slip)[1] for slip in [*first.acknowledged, *later.acknowledged]]
    joined = set(Registration.objects.filter(state="joined").values_list("pk", flat=True))
    lost = len(set(acknowledged) - joined)
    steps = Counter(Event.objects.filter(kind="registration.joined").values_list("subject_id", flat=True))
    double = sum(count - 1 for count in steps.values()) + len(joined ^ steps.keys())
    waits = sorted(first.waits)
    got = " ".join(f"{name}={count}" for name, count in sorted(first.got.items()))
    back = " ".join(f"back_{name}={count}" for name, count in sorted(later.got.items()))
    print(
        f"RESULT opening accept_rate_per_seconds={accepted:.0f} arrivals={len(more)} arrival_rate_per_seconds={2 * accepted:.0f}"
        f" {got} p50_seconds={waits[len(waits) // 2]:.2f} p99_seconds={waits[len(waits) * 99 // 100]:.2f} {back}"
        f" acknowledged={len(acknowledged)} lost={lost} double={double}"
    )
    clean = {"receipt", "ticket", "clean_503", "refused"}
    return not lost and not double and not (first.got.keys() | later.got.keys()) - clean


if __name__ == "__main__":
    with own_portal():
        held = measure()
    sys.exit(not held)
