"""People who register through the pages themselves, one after the other, over HTTP."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from prakerja.rehearsal.browser import Browser, served
from prakerja.rehearsal.drive import Sources
from prakerja.rehearsal.province import choose_wishes
from registrations.selectors.places import regency_of
from registrations.services.validation import Person

PAGE, REVIEW, WISHES = "/daftar/isi/{}/", "/daftar/periksa/", "/daftar/kelas/"


def register_by_http(
    *, people: Sequence[Person], popularity: Mapping[str, int], ids: Mapping[str, str], sources: Sources
) -> Counter[str]:
    """Each person fills in page by page, registers, joins and wishes for classes; refusals by the status of the answer.

    popularity, ids: by class code; the page offers ids, a wish is made by popularity.
    """
    refused: Counter[str] = Counter()
    code_of = {pk: code for code, pk in ids.items()}
    with served() as address:
        for person in people:
            browser = Browser(address)
            status, shown = _register(browser, person)
            if "ticket-number" not in shown:
                refused[f"page {status}"] += 1
                continue
            _status, page = browser.open(WISHES)
            offered = [code_of[pk] for pk in dict.fromkeys(re.findall(r'<option value="([0-9a-f-]{36})"', page))]
            chosen, strict = choose_wishes(
                random=sources.random, classes=[(code, popularity[code]) for code in offered]
            )
            wishes = {f"wish_{rank}": ids[code] for rank, code in enumerate(chosen)}
            browser.submit(WISHES, page, wishes | ({"strict": "on"} if strict else {}))
    return refused


def _register(browser: Browser, person: Person) -> tuple[int, str]:
    """Status and page of the receipt, or of the page that was refused."""
    status, shown = browser.open(PAGE.format("ktp"))
    for slug, answers in _answers(person).items():
        status, shown = browser.submit(PAGE.format(slug), shown, answers)
        if status != 200:
            return status, shown
        if slug == "ktp":  # the code that opens the draft elsewhere, then on
            status, shown = browser.open(PAGE.format("tempat-tinggal"))
    return browser.submit(REVIEW, shown, {"action": "join"})


def _answers(person: Person) -> dict[str, dict[str, str]]:
    """By page."""
    yes_no = {True: "ya", False: "tidak", None: "lewati"}
    village = person.village_id
    return {
        "ktp": {
            "name": person.name,
            "nik": person.nik,
            "kk": person.kk,
            "birth_date_day": str(person.birth_date.day),
            "birth_date_month": str(person.birth_date.month),
            "birth_date_year": str(person.birth_date.year),
            "sex": person.sex,
        },
        "tempat-tinggal": {
            "phone": person.phone,
            "email": person.email,
            "regency": str(regency_of(village)),
            "district": str(village // 10_000),
            "village_id": str(village),
            "address": person.address,
        },
        "keadaan": {
            "occupation": person.occupation,
            "education": person.education,
            "in_education": yes_no[person.in_education],
            "marital_status": person.marital_status,
            "dependants": str(person.dependants),
        },
        "alasan": {name: "on" for name in ("remote", "unfamiliar_digital") if getattr(person, name)},
        "klaster": {"pmi_candidate": yes_no[person.pmi_candidate], "laid_off": yes_no[person.laid_off]},
        "disabilitas": {
            "disability": yes_no[person.disability],
            "disability_need": person.disability_need,
            "disability_consent": "on",
        },
        **({"bukti": {}} if person.pmi_candidate or person.laid_off or person.disability else {}),
        "pernyataan": {
            "citizen": yes_no[person.citizen],
            "received_before": yes_no[person.received_before],
            "consent": "on",
        },
    }
