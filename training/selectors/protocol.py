"""A draw as everybody may see it: its steps, cut-offs and places."""

from dataclasses import dataclass
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
    admission_pass: int
    rank: int
    ticket: str


def cutoff_table(draw: Draw) -> list[CutoffRow]:
    """The published cut-offs by regency, set and pass."""
    codes = list(Cluster.objects.order_by("index").values_list("code", flat=True))
    rows = DrawCutoff.objects.filter(draw=draw).select_related("regency")
    return [
        CutoffRow(
            regency=row.regency.name,
            clusters=" + ".join(code for i, code in enumerate(codes) if row.clusters >> i & 1),
            admission_pass=row.admission_pass,
            rank=row.position + 1,
            ticket=row.ticket,
        )
        for row in rows.order_by("regency_id", "clusters", "admission_pass")
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


def draw_steps(wave: Wave, draw: Draw | None) -> list[dict[str, Any]]:
    """The protocol of the draw as a timeline: five steps with moment, digest and what each means."""
    reached = {
        None: 0, "freezing": 0, "frozen": 1, "seeded": 2, "agreed": 3, "disagreed": 2, "published": 5, "void": 0,
    }[draw.state if draw else None]  # fmt: skip
    size = number_format(draw.list_size, force_grouping=True) if draw and draw.list_size is not None else ""
    steps: list[dict[str, Any]] = [
        {
            "title": _("Daftar dibekukan"),
            "moment": draw.frozen_at if draw else None,
            "text": _("%(size)s orang ikut. Sidik ini mengunci seluruh daftar: satu huruf berubah, sidik berubah.")
            % {"size": size}
            if reached
            else _("Sesudah pendaftaran ditutup, daftar orang yang ikut dikunci dengan sidik yang diumumkan."),
            "hash": draw.list_root if draw else "",
        },
        {
            "title": _("Dadu dilempar di depan saksi"),
            "moment": draw.seeded_at if draw else wave.draws_at,
            "text": _("Dadu: %(dice)s. Saksi: %(witnesses)s.")
            % {"dice": _in_fives(draw.dice), "witnesses": "; ".join(draw.witnesses.split("\n"))}
            if draw and draw.dice
            else _("Dadu menentukan benih undian bersama sidik daftar. Tidak seorang pun dapat memilih hasilnya."),
            "hash": draw.seed if draw else "",
        },
        {
            "title": _("Undian dihitung dan diperiksa dua program"),
            "moment": draw.ran_at if draw else None,
            "text": _("Mesin undian dan program pemeriksa, yang ditulis terpisah, sepakat untuk setiap orang.")
            if reached >= 3
            else _("Dua program menghitung ulang semuanya. Hasil tidak sepakat: DITAHAN, tidak diumumkan.")
            if draw and draw.state == "disagreed"
            else _("Hasil hanya boleh diumumkan bila keduanya sepakat untuk setiap orang."),
            "hash": draw.result_sha256 if draw else "",
        },
        {
            "title": _("Hasil diumumkan oleh orang kedua"),
            "moment": draw.published_at if draw else None,
            "text": _("Yang mengumumkan bukan orang yang mencatat dadu."),
            "hash": "",
        },
    ]
    for index, step in enumerate(steps):
        step["state"] = "done" if index < reached else "present" if index == reached else "next"
        if draw and draw.state == "disagreed" and index == 2:
            step["state"] = "failed"
    return steps


def _in_fives(dice: str) -> str:
    return " ".join(dice[i : i + 5] for i in range(0, len(dice), 5))
