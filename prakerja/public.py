"""The pages that everybody finds first: what this is and where it stands now, and help."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.middleware import ScopedRequest
from accounts.scope import NOBODY
from clusters.models import Cluster, RuleSet, Wave
from clusters.selectors.directory import office_of, regencies
from clusters.selectors.waves import places_by_regency, shown_wave, waves_with_splits
from prakerja.templatetags.portal import tanggal, waktu
from registrations.eligibility import ALTERNATIVES, CONDITIONS, FAILURES, LIST_NAMES, LISTS
from registrations.selectors.own import words_for
from registrations.selectors.rule_examples import examples_of
from registrations.services.rows import rules_of

PROVINCE_OFFICE = "Dinas Tenaga Kerja dan Transmigrasi Provinsi Jawa Tengah"


@require_safe
def home(request: ScopedRequest) -> HttpResponse:
    """What it is, the running wave with one thing to do, who belongs, how many places where, and how to check."""
    now = timezone.now()
    waves = list(waves_with_splits(NOBODY))
    wave = shown_wave(waves, now)
    places = places_by_regency(wave.pk) if wave else {}
    context = {
        "waves": waves,
        "wave": wave,
        "current_wave": wave,
        "card": state_card(wave, now),
        "clusters": _clusters(),
        "tiles": [
            {
                "name": regency.name,
                "tile_col": regency.tile_col,
                "tile_row": regency.tile_row,
                "value": places.get(regency.pk),
                "href": reverse("help", query={"kabupaten": regency.pk}, fragment="kantor"),
            }
            for regency in regencies()
        ],
        "has_places": bool(places),
    }
    return render(request, "public/home.html", context)


@require_safe
def help_page(request: ScopedRequest) -> HttpResponse:
    """How it works in plain words, answers, and the own office by `kabupaten`, without JavaScript."""
    chosen = request.GET.get("kabupaten", "")
    context = {
        "clusters": _clusters(),
        "regencies": regencies(),
        "chosen": chosen,
        "office": office_of(int(chosen)) if chosen.isdecimal() else None,
        "rules": _rules(),
        "province_office": PROVINCE_OFFICE,
    }
    return render(request, "public/help.html", context)


@require_safe
def conditions(request: ScopedRequest) -> HttpResponse:
    """Who may take part, generated from the rules by which the portal decides today, with articles and examples."""
    stored = _rule_set()
    context: dict[str, Any] = {"rule_set": stored}
    if stored:
        rules, words = rules_of(stored), words_for()
        examples = examples_of(rules.code, (get_language() or "id")[:2])
        context["rules"] = [
            {
                "condition": words(CONDITIONS[rule], **rules.numbers),
                "any_of": [words(CONDITIONS[code]) for code in ALTERNATIVES.get(rule, ())],
                "remedy": words(FAILURES[rule], **rules.numbers),
                "article": rules.articles[rule],
                "examples": examples.get(rule),
            }
            for rule in rules.active
        ]
        rules_and_clusters = {*rules.active, *ALTERNATIVES["no_cluster"]}
        context["lists"] = [
            (_(LIST_NAMES[kind]), words(CONDITIONS[code], **rules.numbers), code in rules.active)
            for kind, code in LISTS.items()
            if code in rules_and_clusters
        ]
    return render(request, "public/conditions.html", context)


def state_card(wave: Wave | None, now: datetime) -> dict[str, Any]:
    """The wave's state as a sentence, what it means for the reader, the one button and the dates; `now` decides."""
    register, status, help_url = reverse("register"), reverse("status"), reverse("help")
    learn = {"href": help_url, "label": _("Lihat syarat dan caranya")}
    look = {"href": status, "label": _("Lihat status saya")}
    if wave is None:
        return {
            "wave": _("Kuota luring Jawa Tengah"),
            "state": _("Belum ada gelombang"),
            "text": _("Belum ada tanggal yang ditetapkan. Begitu ditetapkan, tanggalnya tampil di sini."),
            **learn,
        }
    state = Wave.State(wave.state)
    if state == Wave.State.OPEN and wave.closes_at <= now:
        state = Wave.State.CLOSED  # the minute until the job of the clock has run
    card: dict[str, Any] = {"wave": wave.name, "facts": _facts(wave)}
    match state:
        case Wave.State.OPEN if now < wave.opens_at:
            card |= {"state": _("Dibuka %(day)s") % {"day": tanggal(wave.opens_at)}}
            card |= {"href": register, "label": _("Isi pendaftaran dulu")}
            card["text"] = _(
                "Isian Anda tersimpan sampai dibuka. Pendaftar hari pertama dan hari terakhir sama peluangnya."
            )
        case Wave.State.OPEN:
            card |= {"state": _closing(wave, now), "href": register, "label": _("Daftar sekarang")}
            card["text"] = _("Tidak perlu berebut: tempat diundi, jadi hari pertama dan hari terakhir sama peluangnya.")
        case Wave.State.CLOSED | Wave.State.FROZEN:
            card |= {"state": _("Undian %(day)s") % {"day": tanggal(wave.draws_at)}, **look}
            card["text"] = _("Pendaftaran sudah ditutup. Semua orang yang bergabung ikut diundi.")
        case Wave.State.DRAWN:
            card |= {"state": _("Sudah diundi, hasil diperiksa"), **look}
            card["text"] = _("Dua program menghitung hasilnya sendiri-sendiri. Hasil diumumkan sesudah keduanya sama.")
        case Wave.State.PUBLISHED:
            card |= {"state": _("Hasil sudah diumumkan"), "href": status, "label": _("Lihat hasil saya")}
            card["text"] = _("Siapkan nomor pendaftaran dan kode rahasia dari tanda terima Anda.")
        case Wave.State.RUNNING:
            card |= {"state": _("Pelatihan berjalan"), **look}
            card["text"] = _("Pelatihan berlangsung sampai %(day)s.") % {"day": tanggal(wave.ends_on)}
        case Wave.State.CANCELLED:
            card |= {"state": _("Dibatalkan"), "text": wave.cancel_reason, **learn}
        case _:
            card |= {"state": _("Gelombang ini selesai"), **learn}
            card["text"] = _("Gelombang berikutnya belum ditetapkan. Begitu ditetapkan, tanggalnya tampil di sini.")
    return card


def _closing(wave: Wave, now: datetime) -> str:
    """How long registration is still open; in its last week by days, on its last day by the hour."""
    days = (timezone.localdate(wave.closes_at) - timezone.localdate(now)).days
    if days > 7:
        return _("Dibuka sampai %(day)s") % {"day": tanggal(wave.closes_at)}
    if days == 0:
        return _("Ditutup hari ini pukul %(time)s WIB") % {
            "time": date_format(timezone.localtime(wave.closes_at), _("H.i"))
        }
    return ngettext("Ditutup %(count)d hari lagi", "Ditutup %(count)d hari lagi", days) % {"count": days}


def _facts(wave: Wave) -> list[tuple[str, str]]:
    return [
        (_("Tempat"), number_format(wave.decision.places, use_l10n=True, force_grouping=True)),
        (_("Pendaftaran ditutup"), waktu(wave.closes_at)),
        (_("Undian"), tanggal(wave.draws_at)),
        (_("Pelatihan mulai"), tanggal(wave.starts_on)),
    ]


def _clusters() -> list[tuple[str, str, str]]:
    """(code, name, who belongs) of each cluster in the reader's language."""
    return [(c.code, c.name, c.who) for c in Cluster.objects.all()]


def _rule_set() -> RuleSet | None:
    """The rules that hold today, as the portal decides by them."""
    today = timezone.localdate()
    in_force: QuerySet[RuleSet] = RuleSet.objects.filter(valid_from__lte=today).exclude(valid_to__lt=today)
    return in_force.order_by("-valid_from").first()


def _rules() -> dict[str, Any]:
    rule_set = _rule_set()
    return {"name": rule_set.name, **rule_set.rules} if rule_set else {}
