"""The design system: colours reach their contrast, components say what they must, pages stay light."""

import datetime as dt
import re
import zlib
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

from prakerja.contrast import contrast, pairs, tokens
from prakerja.style_guide import PLACES, SampleForm, style_guide
from prakerja.templatetags import portal

ROOT = Path(settings.BASE_DIR)
STATIC = ROOT / "prakerja" / "static"
TEMPLATES = ROOT / "templates"
CSS = {path.name: path.read_text() for path in sorted((STATIC / "css").glob("*.css"))}
COLOURS = tokens(CSS["tokens.css"])


@pytest.fixture(autouse=True)
def indonesian():
    with translation.override("id"):
        yield


@pytest.fixture
def guide(db: None) -> str:
    """The style guide as served; its frame asks the database which wave is the current one."""
    return style_guide(RequestFactory().get("/gaya/")).content.decode()


def render(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


class TestColours:
    @pytest.mark.parametrize(("first", "second", "ratio"), [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.48)])
    def test_contrast_is_the_published_one(self, first: str, second: str, ratio: float) -> None:
        assert contrast(first, second) == contrast(second, first) == pytest.approx(ratio, abs=0.005)

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_every_pair_reaches_its_minimum(self, scheme: str) -> None:
        too_low = [pair for pair in pairs(COLOURS[scheme]) if pair.ratio < pair.minimum]
        assert too_low == []

    def test_the_dark_scheme_differs(self) -> None:
        assert COLOURS["light"]["paper"] == "#fbfaf7"
        assert COLOURS["dark"]["paper"] != COLOURS["light"]["paper"]

    def test_every_text_colour_in_use_stands_in_a_pair(self) -> None:
        used = {name for css in CSS.values() for name in re.findall(r"[;{ ]color: var\(--([\w-]+)\)", css)}
        checked = {pair.text for pair in pairs(COLOURS["light"])}
        assert used
        assert used <= checked

    def test_raw_colours_live_in_tokens_only(self) -> None:
        # #000 is a mask (ink or nothing), #fff the paper a QR code needs to be read.
        raw = {
            (name, c) for name, css in CSS.items() if name != "tokens.css" for c in re.findall(r"#[0-9a-f]{3,8}\b", css)
        }
        assert {c for _name, c in raw} <= {"#000", "#fff"}

    def test_every_token_in_use_is_declared(self) -> None:
        declared = set(re.findall(r"--([\w-]+):", "".join(CSS.values())))
        used = set(re.findall(r"var\(--([\w-]+)\)", "".join(CSS.values())))
        assert used <= declared


class TestWeight:
    def test_css_of_a_public_page_is_small(self) -> None:
        linked = re.findall(r"css/([\w.]+\.css)", (TEMPLATES / "base.html").read_text())
        assert len(linked) == 7
        assert sum(len(CSS[name].encode()) for name in linked) < 42_000

    def test_first_load_of_the_style_guide_leaves_room_in_the_budget(self, guide: str) -> None:
        """60 KB compressed is the budget of a public page; the guide, which shows everything, keeps it."""
        files = [path.read_bytes() for path in STATIC.rglob("*") if path.is_file()]
        assert sum(len(zlib.compress(content)) for content in [guide.encode(), *files]) < 60_000

    def test_no_file_is_long(self) -> None:
        assert {name for name, css in CSS.items() if css.count("\n") > 400} == set()


class TestTemplates:
    def test_no_inline_style_or_script(self) -> None:
        """The content security policy forbids them; the browser would drop them silently."""
        guilty = [
            str(path)
            for path in TEMPLATES.rglob("*.html")
            if re.search(r"\sstyle=|<style|<script(?![^>]*\ssrc=)|\son\w+=", path.read_text())
        ]
        assert guilty == []

    def test_no_address_leaks_into_a_later_button(self) -> None:
        """An include sees all variables: a button after `{% url ... as href %}` would be a link, and its form send nothing."""
        leaking = [path.name for path in TEMPLATES.rglob("*.html") if "as href %}" in path.read_text()]
        assert leaking == []

    def test_every_component_opens_with_its_variables(self) -> None:
        components = list((TEMPLATES / "components").glob("*.html"))
        assert components
        silent = [
            p.name for p in components if not re.match(rf"{{% comment %}} {p.stem}\b|{{# {p.stem}\b", p.read_text())
        ]
        assert silent == []

    def test_no_tag_shows_through(self, guide: str) -> None:
        assert not re.search(r"{%|{{|{#|%}|}}|#}", guide)

    def test_ids_are_unique(self, guide: str) -> None:
        ids = re.findall(r'\sid="([^"]+)"', guide)
        assert sorted(ids) == sorted(set(ids))

    @pytest.mark.parametrize("name", ["404.html", "403.html", "500.html", "503.html"])
    def test_error_pages_need_no_context(self, name: str) -> None:
        page = render(f'{{% include "{name}" %}}')
        assert page.count("<h1") == 1

    def test_the_page_of_a_crowded_portal_asks_the_database_nothing(self) -> None:
        """Without the db mark a query fails this test; a request brings in the context processors."""
        page = render_to_string("503.html", request=RequestFactory().get("/daftar/"))
        assert page.count("<h1") == 1 and "mainnav" not in page


class TestWords:
    @pytest.mark.parametrize(
        ("value", "indonesian", "english"),
        [(1284, "1.284", "1,284"), (12.5, "12,5", "12.5"), (0, "0", "0"), (None, "", "")],
    )
    def test_angka(self, value: float | None, indonesian: str, english: str) -> None:
        assert portal.angka(value) == indonesian
        with translation.override("en"):
            assert portal.angka(value) == english

    def test_persen_and_tanda(self) -> None:
        assert portal.persen(12.5) == "12,5\N{NO-BREAK SPACE}%"
        assert [portal.tanda(n) for n in (12, -3, 0)] == ["+12", "\N{MINUS SIGN}3", "0"]
        with translation.override("en"):
            assert portal.persen(12.5) == "12.5%"

    def test_times_are_those_of_jakarta(self) -> None:
        moment = dt.datetime(2026, 11, 23, 17, 42, tzinfo=dt.UTC)
        assert portal.tanggal(moment) == "24 November 2026"
        assert portal.waktu(moment) == "24 November 2026 pukul 00.42\N{NO-BREAK SPACE}WIB"
        assert portal.tanggal(dt.date(2026, 12, 2)) == "2 Desember 2026"
        with translation.override("en"):
            assert portal.waktu(moment) == "24 November 2026, 00:42\N{NO-BREAK SPACE}WIB"
            assert portal.tanggal(dt.date(2026, 12, 2)) == "2 December 2026"

    def test_numbers_are_read_in_groups_of_four(self) -> None:
        assert portal.kelompok4("7204118355") == "7204 1183 55"
        assert portal.kelompok4("7204 1183") == "7204 1183"

    def test_short_names_stay_distinct(self) -> None:
        short = {portal.singkat_regency(name) for name, _col, _row in PLACES}
        assert len(short) == len(PLACES) == 35
        assert {"Tegal", "Kota Tegal"} <= short

    def test_a_tone_is_its_own_tone(self) -> None:
        assert [portal.tone(word) for word in ("open", "warning", "no such state")] == [
            "positive",
            "warning",
            "neutral",
        ]


class Controls(HTMLParser):
    """Collects start tags with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def one(self, tag: str, **wanted: str) -> dict[str, str | None]:
        (found,) = [a for t, a in self.tags if t == tag and all(a.get(k) == v for k, v in wanted.items())]
        return found


class TestFields:
    def test_label_hint_and_error_belong_to_the_control(self) -> None:
        form = SampleForm({"nik": "12"})
        html = Controls(str(form["nik"].as_field_group()))
        control = html.one("input", id="id_nik")
        assert control["aria-invalid"] == "true"
        assert control["aria-describedby"] == "id_nik_helptext id_nik_error"
        html.one("label", **{"for": "id_nik"})
        html.one("div", id="id_nik_helptext")
        html.one("ul", id="id_nik_error")

    def test_a_date_is_three_typed_fields_in_everyday_order(self) -> None:
        form = SampleForm({"birth_date_day": "31", "birth_date_month": "2", "birth_date_year": "1998"})
        for language in ("id", "en"):
            with translation.override(language):
                html = Controls(str(form["birth_date"].as_field_group()))
            inputs = [a for tag, a in html.tags if tag == "input"]
            assert [(a["name"], a["value"]) for a in inputs] == [
                ("birth_date_day", "31"),
                ("birth_date_month", "2"),
                ("birth_date_year", "1998"),
            ]
            assert {a["for"] for tag, a in html.tags if tag == "label"} == {a["id"] for a in inputs}
            assert all(a["inputmode"] == "numeric" and a["aria-invalid"] == "true" for a in inputs)
            assert html.one("fieldset")["aria-describedby"] == "id_birth_date_helptext id_birth_date_error"

    def test_three_fields_make_a_date(self) -> None:
        class Birth(forms.Form):
            birth_date = forms.DateField(widget=forms.SelectDateWidget(years=range(1940, 2020)))

        form = Birth({"birth_date_day": "27", "birth_date_month": "03", "birth_date_year": "1998"})
        assert form.is_valid()
        assert form.cleaned_data["birth_date"] == dt.date(1998, 3, 27)

    def test_radios_and_optional_fields(self) -> None:
        form = SampleForm()
        radios = str(form["situation"].as_field_group())
        assert "<fieldset" in radios and "<legend>" in radios and radios.count('type="radio"') == 3
        assert "(boleh kosong)" in str(form["photo"].as_field_group())
        assert "(boleh kosong)" not in str(form["nik"].as_field_group())

    def test_error_summary_leads_to_every_field(self) -> None:
        form = SampleForm({"nik": "12"})
        page = render('{% include "components/error_summary.html" %}{{ form }}', form=form)
        links = set(re.findall(r'href="#([^"]+)"', page))
        assert "id_nik" in links
        assert len(links) == len(form.errors)
        assert links <= set(re.findall(r'\sid="([^"]+)"', page))
        assert 'tabindex="-1" autofocus' in page

    def test_error_summary_is_silent_without_errors(self) -> None:
        assert render('{% include "components/error_summary.html" %}', form=SampleForm()).strip() == ""


class TestPictures:
    def test_tile_map_places_names_and_shades(self) -> None:
        tiles = [
            {"name": "Kabupaten Tegal", "tile_col": 1, "tile_row": 2, "value": 1400, "href": "/kuota/"},
            {"name": "Kota Tegal", "tile_col": 1, "tile_row": 1, "value": 0},
            {"name": "Kabupaten Brebes", "tile_col": 0, "tile_row": 1, "value": None},
        ]
        html = render('{% tile_map tiles caption="Tempat" unit="tempat" %}', tiles=tiles)
        assert 'x="9.091%" y="40%" width="9.09%" height="20%" class="shade-6"' in html
        assert 'aria-label="Kabupaten Tegal: 1.400 tempat"' in html
        assert "<title>Kota Tegal: 0 tempat</title>" in html and "shade-0" in html
        assert "<title>Kabupaten Brebes: belum ada data</title>" in html and 'class="tile-none"' in html

    def test_all_regencies_have_a_tile_of_their_own(self) -> None:
        assert len({(col, row) for _name, col, row in PLACES}) == 35
        assert all(0 <= col <= 10 and 0 <= row <= 4 for _name, col, row in PLACES)

    @pytest.mark.parametrize(
        ("position", "cutoff", "sentence"),
        [
            (1284, 2500, "jadi Anda mendapat tempat"),
            (2500, 2500, "jadi Anda mendapat tempat"),
            (2501, 2500, "jadi Anda belum mendapat tempat"),
            (1, 0, "tidak ada tempat yang dibagikan"),
        ],
    )
    def test_number_line_says_what_it_shows(self, position: int, cutoff: int, sentence: str) -> None:
        html = render("{% number_line position=p cutoff=c total=9310 %}", p=position, c=cutoff)
        assert sentence in html
        assert ('class="inside"' in html) == bool(cutoff)

    def test_number_line_of_one(self) -> None:
        assert 'cx="0%"' in render("{% number_line position=1 cutoff=1 total=1 %}")

    def test_bars_share_a_scale_and_keep_the_missing_missing(self) -> None:
        rows = [{"label": "Las", "value": 40}, {"label": "Barista", "value": 10}, {"label": "Batik", "value": None}]
        html = render('{% bars rows caption="Kelas" %}', rows=rows)
        assert re.findall(r'rect width="([^"]+)"', html) == ["100%", "25%", "0%"]
        assert "belum ada data" in html

    def test_pictures_of_nothing(self) -> None:
        assert 'rect width="0%"' in render('{% bars rows caption="x" %}', rows=[{"label": "Las", "value": 0}])
        assert render('{% funnel rows caption="x" %}', rows=[])
        assert render('{% tile_map tiles caption="x" %}', tiles=[])

    def test_progress_marks_the_present_step(self) -> None:
        html = render("{% progress step=3 total=8 minutes=6 %}")
        assert "Langkah 3 dari 8" in html and "sekitar 6 menit lagi" in html
        assert re.findall(r'class="(done|now|)"/>', html) == ["done", "done", "now", "", "", "", "", ""]


class TestBlocks:
    def test_content_is_escaped_once(self) -> None:
        html = render(
            '{% notice kind="warning" title=title %}<p>{{ name }}</p>{% endnotice %}', title="A & B", name="<b>"
        )
        assert "A &amp; B" in html
        assert "<p>&lt;b&gt;</p>" in html

    def test_a_table_is_named_by_its_caption(self) -> None:
        html = Controls(render('{% table caption="Peserta kantor" %}<tbody></tbody>{% endtable %}'))
        region = html.one("div", role="region")
        assert region["aria-labelledby"] == html.one("caption")["id"]
        assert region["tabindex"] == "0"

    def test_navigation_knows_where_the_reader_is(self) -> None:
        request = RequestFactory().get("/kuota/g3/")
        html = render(
            "{% nav_link '/' 'Beranda' %}{% nav_link '/kuota/' 'Kuota' %}{% nav_link '' 'Undian' %}", request=request
        )
        assert html.count("<li>") == 2
        assert re.findall(r'href="([^"]+)" aria-current="page"', html) == ["/kuota/"]
