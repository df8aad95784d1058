"""Plausible people for a rehearsal. Pure: a seed and the lists of places in, people out, the same ones every time.

What is plausible is set here by hand (ages, shares, which regencies send migrant workers) and is no statistic of anybody.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from registrations.services.validation import Person

WOMEN = """
    Siti Sri Dewi Wahyuni Endang Rina Tri Nur Lestari Ani Ratna Yuliana Retno Kartini Sulastri Mulyani Fitri
    Indah Astuti Puji Wulan Suparti Ningsih Rahayu Dwi Eka Murni Sumarni Titik Yanti
""".split()
MEN = """
    Agus Budi Slamet Joko Bambang Eko Dwi Tri Wahyu Sugeng Suparno Hadi Sutrisno Heri Teguh Andi Yanto Rudi
    Arif Imam Sigit Purwanto Ari Gunawan Sarwono Widodo Untung Mulyono Darmaji Kuncoro
""".split()
FAMILY = """
    Lestari Wibowo Santoso Rahayu Utami Pratama Handayani Setiawan Susanti Nugroho Hidayat Purnomo Kusuma
    Anggraeni Saputra Maharani Prasetyo Wulandari Suryani Hartono Yuliani Subekti Widyastuti Kurniawan
    Puspita Sulistyo
""".split()
SENDING = {3301, 3302, 3305, 3311, 3314, 3315, 3318, 3324, 3329}  # named as senders of migrant workers in the sources
INDUSTRIAL = {3309, 3314, 3315, 3321, 3322, 3374}  # named for layoffs in the sources

_EDUCATION = ("sd", "smp", "sma", "smk", "diploma", "s1")
_INELIGIBLE = ("too_young", "in_education", "asn", "received_before", "online_at_home")
_INVALID = ("short_nik", "bad_month", "bad_phone", "no_name")


@dataclass(frozen=True)
class Place:
    """A village (its official code as a number), its regency, and whether it has no signal."""

    village_id: int
    regency_id: int
    blank_spot: bool


def people(*, count: int, seed: int, places: Sequence[Place], today: date, first_serial: int = 0) -> Iterator[Person]:
    """`count` submissions, a few of them invalid, ineligible or by somebody who submitted before.

    Serials from `first_serial` on keep the people of two calls apart.
    """
    random, earlier = Random(seed), list[Person]()  # noqa: S311 - a rehearsal must be repeatable
    household, members = "", 0
    for serial in range(first_serial, first_serial + count):
        if earlier and random.random() < 0.012:
            yield random.choice(earlier)
            continue
        if not members:
            place, members = random.choice(places), random.choices((1, 2, 3), (70, 24, 6))[0]
            household = f"{place.regency_id}99{random.randint(1, 28):02}{random.randint(1, 12):02}"
            household += f"{random.randint(0, 24):02}{serial % 9999 + 1:04}"
        members -= 1
        person = _person(random, serial, place, household, today)
        oddity = random.random()
        if oddity < 0.015:
            person = _invalid(random, person)
        elif oddity < 0.045:
            person = _ineligible(random, person, today)
        elif serial % 40 == 0:
            earlier.append(person)
        yield person


def _person(random: Random, serial: int, place: Place, household: str, today: date) -> Person:
    woman = random.random() < 0.56
    born = today - timedelta(days=int(365.25 * min(63, max(18.1, random.gauss(29, 9)))))
    # A man without a disability comes because he wants to work abroad or lost his work: nothing else would qualify him.
    pmi = random.random() < (0.3 if place.regency_id in SENDING else 0.1) * (1 if woman else 2)
    laid_off = not pmi and random.random() < (0.28 if place.regency_id in INDUSTRIAL else 0.1) * (1 if woman else 3)
    first = random.choice(WOMEN if woman else MEN)
    disabled = random.random() < 0.03
    return Person(
        name=f"{first} {random.choice(FAMILY)}",
        nik=_nik(place.regency_id, born, woman, serial),
        kk=household,
        phone=f"+62899{serial % 10**8:08}",
        birth_date=born,
        sex="F" if woman else "M",
        village_id=place.village_id,
        address=f"RT {random.randint(1, 9):02} RW {random.randint(1, 9):02}",
        education=random.choices(_EDUCATION, (14, 22, 30, 24, 4, 6))[0],
        marital_status=random.choices(("single", "married", "divorced", "widowed"), (42, 50, 5, 3))[0],
        dependants=random.choices((0, 1, 2, 3, 4), (40, 22, 22, 11, 5))[0],
        occupation="laid_off"
        if laid_off
        else random.choices(("jobseeker", "worker", "non_wage", "micro_business", "furloughed"), (62, 10, 16, 9, 3))[0],
        citizen=True,
        in_education=False,
        received_before=False,
        pmi_candidate=pmi,
        laid_off=laid_off,
        remote=random.random() < (0.8 if place.blank_spot else 0.25),
        unfamiliar_digital=random.random() < 0.94,
        disability=None if random.random() < 0.1 else disabled,
        disability_need="Ruang kelas tanpa tangga" if disabled else "",
    )


def _nik(regency_id: int, born: date, woman: bool, serial: int) -> str:
    """District 99 and a serial per person; beyond 9,999 people born on one day in one regency numbers would repeat."""
    return f"{regency_id}99{born.day + 40 * woman:02}{born.month:02}{born.year % 100:02}{serial % 9999 + 1:04}"


def _invalid(random: Random, person: Person) -> Person:
    kind = random.choice(_INVALID)
    if kind == "short_nik":
        return replace(person, nik=person.nik[:-1])
    if kind == "bad_month":
        return replace(person, nik=person.nik[:8] + "13" + person.nik[10:])
    if kind == "bad_phone":
        return replace(person, phone="12345")
    return replace(person, name="")


def _ineligible(random: Random, person: Person, today: date) -> Person:
    kind = random.choice(_INELIGIBLE)
    if kind == "too_young":
        born = today - timedelta(days=17 * 365)
        serial = int(person.nik[-4:])
        return replace(person, birth_date=born, nik=_nik(int(person.nik[:4]), born, person.sex == "F", serial))
    if kind == "in_education":
        return replace(person, in_education=True)
    if kind == "asn":
        return replace(person, occupation="asn", laid_off=False)
    if kind == "received_before":
        return replace(person, received_before=True)
    return replace(person, remote=False, unfamiliar_digital=False)
