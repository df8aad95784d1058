"""A draw as everybody may see it: its steps, cut-offs and places."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Sum
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from clusters.models import Cluster, Wave, in_language
from training.models import Draw, DrawCutoff, TrainingClass


@dataclass(frozen=True)
class CutoffRow:
    """`rank` counts from 1; `clusters` are the codes of the eligibility set."""

    regency: str
    clusters: str
    rank: int
    ticket: str


def cutoff_table(draw: Draw) -> list[CutoffRow]:
    """The published cut-offs by regency and set."""
    codes = list(Cluster.objects.order_by("index").values_list("code", flat=True))
    rows = DrawCutoff.objects.filter(draw=draw).select_related("regency")
    return [
        CutoffRow(
            regency=row.regency.name,
            clusters=" + ".join(code for i, code in enumerate(codes) if row.clusters >> i & 1),
            rank=row.position + 1,
            ticket=row.ticket,
        )
        for row in rows.order_by("regency_id", "clusters")
    ]


def placed_by_cluster(draw: Draw) -> list[dict[str, Any]]:
    """Places given by the draw in each cluster."""
    counts = (
        TrainingClass.objects.filter(wave=draw.wave_id)
        .values("cluster__name_id", "cluster__name_en")
        .annotate(value=Sum("taken"), seats=Sum("seats"))
        .order_by("cluster__index")
    )
    return [
        {
            "label": in_language(row["cluster__name_id"], row["cluster__name_en"]),
            "value": row["value"],
            "seats": row["seats"],
        }
        for row in counts
    ]


# Steps of the protocol that lie behind in each state of a draw.
REACHED = {"freezing": 0, "frozen": 1, "rolled": 1, "seeded": 2, "agreed": 3, "disagreed": 2, "published": 4}


def draw_steps(wave: Wave, draw: Draw | None) -> list[dict[str, Any]]:
    """The protocol of the draw as a timeline: four steps with moment, digest and what each means."""
    reached = REACHED.get(draw.state, 0) if draw else 0
    steps = _steps_to_come(wave) if draw is None else [*_list_and_dice(wave, draw), *_result(draw, reached)]
    for index, step in enumerate(steps):
        step["state"] = "done" if index < reached else "present" if index == reached else "next"
    if draw and draw.state == Draw.State.DISAGREED:
        steps[2]["state"] = "failed"
    return steps


def _step(title: str, text: str, moment: datetime | None = None, digest: str = "") -> dict[str, Any]:
    return {"title": title, "text": text, "moment": moment, "hash": digest}


def _steps_to_come(wave: Wave) -> list[dict[str, Any]]:
    return [
        _step(
            _("Daftar dibekukan"), _("Sesudah pendaftaran ditutup, daftar peserta dikunci dengan sidik yang diumumkan.")
        ),
        _step(
            _("Dadu dilempar di depan saksi"),
            _(
                "Dua orang mencatat lemparan yang sama dari berita acara. Dadu dan sidik daftar menentukan benih undian."
            ),
            wave.draws_at,
        ),
        _step(
            _("Undian dihitung dan diperiksa dua program"),
            _("Hasil hanya boleh diumumkan bila keduanya sepakat untuk setiap orang."),
        ),
        _step(_("Hasil diumumkan"), _("Yang mengumumkan bukan orang yang pertama mencatat dadu.")),
    ]


def _list_and_dice(wave: Wave, draw: Draw) -> list[dict[str, Any]]:
    first, second = _steps_to_come(wave)[:2]
    if draw.frozen_at:
        size = number_format(draw.list_size or 0, force_grouping=True)
        locked = _("%(size)s orang ikut. Sidik ini mengunci seluruh daftar: satu huruf berubah, sidik berubah.")
        first |= {"text": locked % {"size": size}, "moment": draw.frozen_at, "hash": draw.list_root}
    if draw.seed:
        rolled = _("Dadu: %(dice)s. Saksi: %(witnesses)s.")
        text = rolled % {"dice": in_fives(draw.dice), "witnesses": "; ".join(draw.witnesses.splitlines())}
        second |= {"text": text, "moment": draw.seeded_at, "hash": draw.seed}
    elif draw.dice:  # not shown before a second person has typed them from the protocol
        second |= {"text": _("Satu orang sudah mencatat dadu. Menunggu orang kedua mencatat lemparan yang sama.")}
    return [first, second]


def _result(draw: Draw, reached: int) -> list[dict[str, Any]]:
    text = _("Hasil hanya boleh diumumkan bila keduanya sepakat untuk setiap orang.")
    if reached >= 3:
        text = _("Mesin undian dan program pemeriksa, yang ditulis terpisah, sepakat untuk setiap orang.")
    elif draw.state == Draw.State.DISAGREED:
        text = _("Kedua program tidak sepakat. Hasil ditahan dan tidak diumumkan.")
    return [
        _step(_("Undian dihitung dan diperiksa dua program"), text, draw.ran_at, draw.result_sha256),
        _step(_("Hasil diumumkan"), _("Yang mengumumkan bukan orang yang pertama mencatat dadu."), draw.published_at),
    ]


def cleared_dice(draw: Draw) -> list[dict[str, Any]]:
    """Dice that were entered and taken back before a seed stood, oldest first."""
    return [
        entry | {"dice": in_fives(entry["dice"]), "moment": datetime.fromisoformat(entry["at"])}
        for entry in draw.cleared
    ]


def in_fives(dice: str) -> str:
    return " ".join(dice[i : i + 5] for i in range(0, len(dice), 5))
