"""The office's pages: numbers that equal their lists, complete pages, searches without traces, empty states."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clusters.models import Wave
from mentoring.forms.people import open_search, seal_search
from mentoring.selectors import people as people_selector
from registrations.models import Applicant, Registration
from tests.factories.people import make_region, make_wave
from tests.factories.registered import make_registration
from tests.factories.staff import make_user

pytestmark = pytest.mark.django_db
OFFICE = 3374
OTHER = 3301


@pytest.fixture
def wave() -> Wave:
    make_region()
    return make_wave()


@pytest.fixture
def client(as_role: Callable[..., Client]) -> Client:
    return as_role("mentor", OFFICE)


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def names_in(response: Any) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/kantor/peserta/[0-9a-f-]{36}/">(.*?)</a>', text_of(response))


def test_every_number_leads_to_exactly_the_people_it_counts(client: Client, wave: Wave) -> None:
    for number in range(4):
        make_registration(wave, name=f"Ani {number}", pmi_candidate=number % 2 == 0)
    make_registration(wave, name="Budi", sex="M", nik="3374991003950777", pmi_candidate=True)
    make_registration(wave, regency=OTHER, name="Orang Lain")
    for state, name in (("joined", "Ani 0"), ("joined", "Ani 1"), ("withdrawn", "Ani 3")):
        Registration.objects.filter(name=name).update(state=state, joined_at=wave.opens_at)
    cells = re.findall(
        r'<td class="num" data-label="[^"]+"><a href="([^"]+)">(\d+)</a>', text_of(client.get("/kantor/"))
    )
    assert len(cells) >= 9
    for href, number in cells:
        assert len(names_in(client.get(href.replace("&amp;", "&")))) == int(number), href
    assert ("5" in {number for _, number in cells}) and "Orang Lain" not in text_of(client.get("/kantor/"))


def test_pages_go_through_everybody_once_and_back(client: Client, wave: Wave, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people_selector, "PAGE_SIZE", 3)
    for name in ("Sri", "Ani", "Sri", "Budi", "Sri", "Cici", "Dewi"):
        make_registration(wave, name=name)
    seen, url = [], "/kantor/peserta/"
    while url:
        response = client.get(url)
        seen += re.findall(r"/kantor/peserta/([0-9a-f-]{36})/", text_of(response))
        last, url = url, response.context["next_url"]
    expected = [str(pk) for pk in Registration.objects.order_by("search_name", "id").values_list("pk", flat=True)]
    assert seen == expected
    back = []
    url = client.get(last).context["previous_url"]
    while url:
        response = client.get(url)
        back = re.findall(r"/kantor/peserta/([0-9a-f-]{36})/", text_of(response)) + back
        url = response.context["previous_url"]
    assert back == expected[:-1]


@pytest.mark.parametrize("people", [1, 40])
def test_lists_cost_the_same_whatever_their_length(
    client: Client, wave: Wave, people: int, django_assert_num_queries: Any
) -> None:
    for _ in range(people):
        make_registration(wave)
    text_of(client.get("/kantor/"))  # the first request of a process also asks which role it has
    with django_assert_num_queries(14):
        text_of(client.get("/kantor/peserta/"))
    with django_assert_num_queries(15):
        text_of(client.get("/kantor/"))


def test_a_search_by_name_stands_sealed_in_the_address(client: Client, wave: Wave) -> None:
    for name in ("Sri Rahayu", "SRI WAHYUNI", "Asri"):
        make_registration(wave, name=name)
    found = client.post("/kantor/cari/", {"q": "sri"})
    assert found.status_code == 302 and "sri" not in found["Location"].lower().split("cari=")[0]
    assert names_in(client.get(found["Location"])) == ["Sri Rahayu", "SRI WAHYUNI"]


def test_a_sealed_search_opens_for_its_user_only() -> None:
    mine, other = make_user(), make_user()
    token = seal_search("sri", mine.pk)
    assert open_search(token, mine.pk) == "sri"
    for spoilt in (open_search(token, other.pk), open_search(token[:-2], mine.pk), open_search("é", mine.pk)):
        assert spoilt == ""
    assert open_search("", mine.pk) == "" and open_search("AA", mine.pk) == ""


@pytest.mark.parametrize("typed", ["{nik}", "3374 {rest}", "{number}"])
def test_a_nik_or_a_number_leads_to_the_file(client: Client, wave: Wave, typed: str) -> None:
    nik = "3374995003950042"
    registration = make_registration(wave, nik=nik)
    q = typed.format(nik=nik, rest=nik[4:], number=registration.number)
    assert client.post("/kantor/cari/", {"q": q})["Location"] == f"/kantor/peserta/{registration.pk}/"


def test_unknown_and_another_offices_person_are_answered_alike(client: Client, wave: Wave) -> None:
    make_registration(wave, regency=OTHER, nik="3374995003950042")
    answers = set()
    for nik in ("3374995003950042", "3374995003950043"):
        answer = client.post("/kantor/cari/", {"q": nik}, follow=True)
        answers.add(re.sub(r'(csrfmiddlewaretoken" value=")\w+', r"\1", text_of(answer)))
    assert len(answers) == 1 and "Tidak ada peserta dengan NIK itu" in answers.pop()


def test_one_persons_file_masks_every_number(client: Client, wave: Wave) -> None:
    registration = make_registration(
        wave, nik="3374995003950042", kk="3374990101200007", phone="+6281234567890", name="Sri"
    )
    text = text_of(client.get(f"/kantor/peserta/{registration.pk}/"))
    for shown in ("3374********0042", "3374********0007", "+62812*****890", "Perempuan atau penyandang", "Mendaftar"):
        assert shown in text
    for hidden in ("3374995003950042", "3374990101200007", "81234567890"):
        assert hidden not in text


def test_the_file_shows_the_age_and_no_birth_date(client: Client, wave: Wave) -> None:
    born = date(timezone.localdate().year - 40, 1, 1)
    registration = make_registration(wave, birth_date=born)
    text = text_of(client.get(f"/kantor/peserta/{registration.pk}/"))
    assert "40 tahun" in text
    assert str(born.year) not in text


def test_the_file_costs_a_fixed_number_of_queries(client: Client, wave: Wave, django_assert_num_queries: Any) -> None:
    registration = make_registration(wave)
    text_of(client.get("/kantor/"))
    with django_assert_num_queries(21):
        text_of(client.get(f"/kantor/peserta/{registration.pk}/"))


def test_whoever_moved_stays_on_the_list_of_the_wave(client: Client, wave: Wave) -> None:
    registration = make_registration(wave, name="Sri")
    village = make_region(OTHER * 1_000_000 + 11001).village
    Applicant.objects.update(regency_id=OTHER, village=village)
    assert names_in(client.get("/kantor/peserta/")) == ["Sri"]
    assert "wilayah kantor lain" in text_of(client.get(f"/kantor/peserta/{registration.pk}/"))


@pytest.mark.parametrize(
    "path",
    [
        "/kantor/?gelombang=tidak-ada",
        "/kantor/?kabupaten=3301",
        "/kantor/?kabupaten=x",
        "/kantor/peserta/?keadaan=semua",
        "/kantor/peserta/?klaster=9",
        "/kantor/peserta/?sesudah=x",
        "/kantor/peserta/?sesudah=0193e6a0-0000-7000-8000-000000000000",
    ],
)
def test_what_is_not_there_or_not_ours_is_404(client: Client, wave: Wave, path: str) -> None:
    make_registration(wave, regency=OTHER)
    assert client.get(path).status_code == 404


def test_a_draft_wave_is_no_choice_for_an_office(client: Client) -> None:
    make_region()
    make_wave("draft")
    assert "Belum ada gelombang" in text_of(client.get("/kantor/"))
    assert "Belum ada gelombang" in text_of(client.get("/kantor/peserta/"))
    assert client.post("/kantor/cari/", {"q": "sri"}).status_code == 302


def test_empty_pages_say_what_comes_next(client: Client, wave: Wave) -> None:
    assert "Belum ada pendaftar" in text_of(client.get("/kantor/"))
    assert "Belum ada pendaftar" in text_of(client.get("/kantor/peserta/"))
    make_registration(wave)
    assert "Tidak ada yang cocok" in text_of(client.get("/kantor/peserta/?keadaan=withdrawn"))


def test_the_province_chooses_an_office(as_role: Callable[..., Client], wave: Wave) -> None:
    make_registration(wave, name="Sri")
    make_registration(wave, regency=OTHER, name="Budi")
    province = as_role("planner")
    everybody = province.get("/kantor/peserta/")
    assert names_in(everybody) == ["Budi", "Sri"] and "Kecamatan 33.01.01, 3301" in text_of(everybody)
    assert names_in(province.get(f"/kantor/peserta/?kabupaten={OTHER}")) == ["Budi"]
    assert f"kabupaten={OTHER}" in text_of(province.get("/kantor/"))
    assert "Kabupaten 3374" not in re.sub(
        "<option.*?</option>", "", text_of(province.get(f"/kantor/?kabupaten={OTHER}"))
    )


@pytest.mark.parametrize(
    ("role", "place"),
    [("mentor", "/kantor/"), ("office_head", "/kantor/"), ("planner", "/provinsi/"), ("auditor", "/provinsi/")],
)
def test_signing_in_leads_to_ones_own_place(as_role: Callable[..., Client], role: str, place: str) -> None:
    assert as_role(role, OFFICE if place == "/kantor/" else None).get("/tempat-kerja/")["Location"] == place


def test_the_chosen_wave_stays_chosen(client: Client, wave: Wave) -> None:
    make_registration(wave, name="Sri")
    make_wave()  # newer, and so the one without a choice
    assert names_in(client.get("/kantor/peserta/")) == []
    today = text_of(client.get(f"/kantor/?gelombang={wave.slug}"))
    assert f'href="/kantor/peserta/?gelombang={wave.slug}"' in today
    assert names_in(client.get(f"/kantor/peserta/?gelombang={wave.slug}")) == ["Sri"]
