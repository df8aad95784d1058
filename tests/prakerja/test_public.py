"""The landing page and the help page: what they say in every state, what they cost."""

import gzip
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clusters.models import LabourOffice, Wave
from clusters.selectors.waves import shown_wave
from prakerja.public import state_card
from tests.factories.people import make_rule_set, make_wave
from tests.factories.places import make_clusters, make_regency
from tests.factories.waves import make_split

pytestmark = pytest.mark.django_db

NOW = timezone.make_aware(datetime(2026, 11, 24, 10))  # noqa: DTZ001
DAY = timedelta(days=1)
FIRST_LOAD = 60 * 1024


def get(client: Client, name: str, **query: str) -> str:
    answer = client.get(reverse(name), query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(
    ("state", "after", "sentence", "goes_to"),
    [
        ("open", -2 * DAY, "Dibuka 23 November 2026", "register"),
        ("open", -DAY, "Dibuka sampai 1 Desember 2026", "register"),
        ("open", 0 * DAY, "Ditutup 7 hari lagi", "register"),
        ("open", 4 * DAY, "Ditutup 3 hari lagi", "register"),
        ("open", 6 * DAY, "Ditutup 1 hari lagi", "register"),
        ("open", 7 * DAY - timedelta(hours=1), "Ditutup hari ini pukul 10.00 WIB", "register"),
        ("open", 7 * DAY, "Undian 4 Desember 2026", "status"),
        ("closed", 8 * DAY, "Undian 4 Desember 2026", "status"),
        ("frozen", 8 * DAY, "Undian 4 Desember 2026", "status"),
        ("drawn", 10 * DAY, "Sudah diundi, hasil diperiksa", "status"),
        ("published", 11 * DAY, "Hasil sudah diumumkan", "status"),
        ("running", 40 * DAY, "Pelatihan berjalan", "status"),
        ("finished", 90 * DAY, "Gelombang ini selesai", "help"),
        ("cancelled", 0 * DAY, "Dibatalkan", "help"),
    ],
)
def test_the_card_says_the_state_and_offers_one_thing_to_do(
    state: str, after: timedelta, sentence: str, goes_to: str
) -> None:
    card = state_card(make_wave(state, now=NOW), NOW + after)
    assert card["state"] == sentence
    assert card["href"] == reverse(goes_to)
    assert card["text"]


def test_the_card_before_any_wave_promises_no_date() -> None:
    card = state_card(None, NOW)
    assert card["state"] == "Belum ada gelombang"
    assert "facts" not in card


def test_the_landing_page_is_about_the_wave_one_can_join() -> None:
    draft, old = make_wave("draft", now=NOW), make_wave("finished", now=NOW - 200 * DAY)
    announced, opened = make_wave("open", now=NOW + 20 * DAY), make_wave("open", now=NOW)
    cancelled = make_wave("cancelled", now=NOW + 40 * DAY)

    def shown(*waves: Wave) -> Wave | None:
        return shown_wave([wave for wave in waves if wave.state != "draft"], NOW)

    assert shown(draft, old, announced, opened, cancelled) == opened
    assert shown(draft, old, announced, cancelled) == announced
    assert shown(draft, old, cancelled) == old
    assert shown(cancelled) == cancelled
    assert shown(draft) is None


def test_cancelled_and_finished_waves_stay_in_sight_drafts_do_not(client: Client) -> None:
    make_clusters()
    kept = [make_wave(state) for state in ("open", "closed", "finished")]
    cancelled = make_wave("cancelled", cancel_reason="Anggaran dialihkan")
    draft = make_wave("draft", name="Gelombang Rahasia")
    page = get(client, "home")
    for wave in [*kept, cancelled]:
        assert wave.name in page
    assert "Anggaran dialihkan" in page
    assert draft.name not in page


def test_places_come_from_the_split_in_force_and_lead_to_the_own_office(client: Client) -> None:
    wave = make_wave("open")
    make_split(wave, {(0, 3301): 1000, (3, 3301): 284})
    make_split(wave, {(0, 3301): 9999}, published=False)
    make_regency(3302)
    page = get(client, "home")
    assert f'href="{reverse("help")}?kabupaten=3301#kantor"' in page
    assert "1.284" in page
    assert "9.999" not in page
    assert "Kabupaten 3302: belum ada data" in page


def test_before_a_split_is_published_the_map_says_so(client: Client) -> None:
    make_regency(3301)
    make_wave("open")
    page = get(client, "home")
    assert "Pembagian tempat belum diumumkan" in page
    assert "Kabupaten 3301: belum ada data" in page


@pytest.mark.parametrize("waves", [1, 5])
def test_the_landing_page_asks_as_often_for_one_wave_as_for_five(
    client: Client, waves: int, django_assert_num_queries: Any
) -> None:
    for _ in range(waves):
        make_split(make_wave("open"), {(0, 3301): 16, (1, 3308): 16})
    get(client, "home")
    with django_assert_num_queries(8):  # two of the savepoint, two of the role; waves, places, clusters, regencies
        get(client, "home")


def test_help_asks_seldom(client: Client, django_assert_num_queries: Any) -> None:
    LabourOffice.objects.create(regency=make_regency(3301))
    make_wave("open")
    get(client, "help")
    with django_assert_num_queries(9):
        get(client, "help", kabupaten="3301")


def test_the_own_office_with_what_is_known_and_what_is_not(client: Client) -> None:
    LabourOffice.objects.create(regency=make_regency(3301), long_name="Dinas Uji", address="Jalan Contoh 1")
    LabourOffice.objects.create(regency=make_regency(3302))
    known = get(client, "help", kabupaten="3301")
    assert "Dinas Uji" in known
    assert "Jalan Contoh 1" in known
    assert known.count("belum tersedia</span>") == 2
    unknown = get(client, "help", kabupaten="3302")
    assert "Nama resmi kantor ini belum tersedia" in unknown
    assert unknown.count("belum tersedia</span>") == 3
    assert '<option value="3302" selected>' in unknown


@pytest.mark.parametrize("code", ["9999", "abc", "0", "3301' OR 1=1", "99999999999999999999"])
def test_an_unknown_region_is_told_kindly(client: Client, code: str) -> None:
    make_regency(3301)
    assert "Pilihan itu tidak ada" in get(client, "help", kabupaten=code)


def test_help_tells_the_rules_in_force(client: Client) -> None:
    assert "sampai 64 tahun" not in get(client, "help")
    rules = make_rule_set()
    page = get(client, "help")
    assert "Usia Anda 18 sampai 64 tahun." in page
    assert "Jawab tawaran dalam 15 hari;" in page
    assert rules.name in page


def test_the_conditions_are_those_of_the_rules_in_force_with_article_and_examples(client: Client) -> None:
    assert "Belum ada aturan yang berlaku hari ini" in get(client, "conditions")
    rules = make_rule_set().rules
    page = get(client, "conditions")
    assert page.count('<li class="card">') == len(rules["articles"])
    assert all(article in page for article in rules["articles"].values())
    assert "Usia Anda paling banyak 64 tahun." in page
    assert "Genap 65 tahun hari ini" in page
    assert "Penerima bantuan sosial" not in page, "aid closes nothing by these rules"
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    english = get(client, "conditions")
    assert "You are at most 64 years old." in english
    assert "Turns 65 today" in english


def test_the_footers_addresses_exist_on_the_help_page(client: Client) -> None:
    page = get(client, "help")
    for anchor in ("cara-kerja", "kantor", "data-pribadi", "aksesibilitas", "pengaduan"):
        assert f'id="{anchor}"' in page


@pytest.mark.parametrize("name", ["home", "help"])
def test_a_first_load_stays_small(client: Client, name: str) -> None:
    make_clusters()
    make_split(make_wave("open"), {(cluster, 3301 + n): 100 for cluster in (0, 2, 3) for n in range(35)})
    make_wave("cancelled")
    page = get(client, name)
    assets = set(re.findall(r'(?:href|src)="/static/([^"]+)"', page))
    assert {"css/public.css", "js/portal.js"} <= assets
    if name == "home":
        assert {"img/step-register.svg", "img/step-draw.svg", "img/step-learn.svg"} <= assets
    assets |= {f"img/{found}" for found in ("kawung.svg", "chevron.svg")}  # named by the style sheets
    total = len(gzip.compress(page.encode()))
    for asset in assets:
        found = finders.find(asset)
        assert found, asset
        with open(found, "rb") as file:  # noqa: PTH123
            total += len(gzip.compress(file.read()))
    assert total < FIRST_LOAD, total


@pytest.mark.parametrize("name", ["home", "help"])
def test_without_inline_script_or_style(client: Client, name: str) -> None:
    page = get(client, name)
    assert "<style" not in page
    assert ' style="' not in page
    assert not re.search(r"<script(?![^>]*src=)", page)
