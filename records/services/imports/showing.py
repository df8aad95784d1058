"""What an import would do, row by row; and the rows it refuses, as they stood in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from records.fields import keyring
from records.models import Import, ImportRow
from records.resources import ImportResource
from records.services.imports.receiving import source_of
from records.services.imports.state import resource_of
from records.sheets import open_sheet

PROBLEMS = {
    "changed_since": _("Data portal berubah sejak Anda memeriksa impor ini. Lihat lagi hasilnya, lalu putuskan."),
    "read_again": _(
        "Hasil pemeriksaan hilang karena basis data dimulai ulang. Berkas dibaca lagi; putuskan sesudahnya."
    ),
    "constraint": _(
        "Data ini bertentangan dengan aturan {name}. Tidak ada baris yang disimpan. Perbaiki, lalu unggah lagi."
    ),
    "unreadable_file": _("Salinan berkas tidak dapat dibuka. Unggah lagi berkasnya."),
    "used": _("Tidak dapat dibatalkan: {rows} baris sudah diubah atau dihapus sejak impor."),
    "in_use": _("Tidak dapat dibatalkan: baris dari impor ini sudah dipakai ({table})."),
}


@dataclass(frozen=True)
class Cell:
    """A value as pages may show it; `before` is what a changed row has now, None where it stays."""

    title: str
    text: str
    before: str | None = None


@dataclass(frozen=True)
class PreviewRow:
    """`reasons` are (title of the column or "", sentence), in the language in force."""

    line: int
    cells: list[Cell]
    reasons: list[tuple[str, str]]


def preview(*, import_id: UUID, verdict: str, after: int = 0, limit: int = 50) -> list[PreviewRow]:
    """The next rows of one verdict ("new", "changed", "duplicate", "refused") behind line `after`. Personal values masked.

    Under row-level security only the asker's imports have rows.
    """
    record = Import.objects.get(pk=import_id)
    resource = resource_of(record)
    rows = ImportRow.objects.filter(import_id=record.pk, verdict=verdict, line__gt=after).order_by("line")[:limit]
    return [
        PreviewRow(
            line=row.line,
            cells=_given(resource, row) if verdict == ImportRow.Verdict.REFUSED else _cells(resource, row),
            reasons=[_said(resource, *reason) for reason in row.reasons or ()],
        )
        for row in rows
    ]


def problem_of(record: Import) -> str:
    """Why the last step stopped, as a sentence; "" when it did not."""
    if not record.problem:
        return ""
    code, values = record.problem
    text = PROBLEMS.get(code)
    return str(text).format(**values) if text else resource_of(record).sentence(code, values)


def refused_rows(*, import_id: UUID) -> tuple[list[str], Iterator[list[str]]]:
    """Headers and rows of what is refused: the cells as they stood in the file, then the line and the reasons.

    The cells are not masked: whoever hands this out logs it as an export. Constant memory for CSV.
    """
    record = Import.objects.get(pk=import_id)
    resource = resource_of(record)
    sheet = open_sheet(source_of(record), record.name, record.encoding)
    headers = [*sheet.headers, str(_("Baris")), str(_("Alasan"))]
    refused = ImportRow.objects.filter(import_id=record.pk, verdict=ImportRow.Verdict.REFUSED).order_by("line")

    def rows() -> Iterator[list[str]]:
        reasons = iter(refused.values_list("line", "reasons").iterator())
        line, why = next(reasons, (0, None))
        for row in sheet.rows():
            if why is None:
                return
            if row.line == line:
                yield [*row.cells, str(line), " ".join(_with_title(resource, reason) for reason in why)]
                line, why = next(reasons, (0, None))

    return headers, rows()


def _with_title(resource: ImportResource, reason: list[Any]) -> str:
    title, sentence = _said(resource, *reason)
    return f"{title}: {sentence}" if title else sentence


def _said(resource: ImportResource, column: str, code: str, values: dict[str, Any]) -> tuple[str, str]:
    title = resource.columns[column].title if column in resource.columns else ""
    return title, resource.sentence(code, values)


def _given(resource: ImportResource, row: ImportRow) -> list[Cell]:
    return [Cell(column.title, row.values.get(name, "")) for name, column in resource.columns.items()]


def _cells(resource: ImportResource, row: ImportRow) -> list[Cell]:
    sealed = {field.column_name: field for field in resource.sealed}
    shown = []
    for field in resource.fields.values():
        title = resource.columns[field.column_name].title
        if field in sealed.values():
            stored = row.values.get(field.attribute)
            pk = UUID(row.values[resource.model._meta.pk.attname])
            aad = resource.column_of(field).aad
            text = keyring().decrypt(aad, pk, bytes.fromhex(stored[2:])) if stored else ""
            shown.append(Cell(title, resource.mask(field.column_name, text)))
        elif field.column_name not in sealed:
            was = (row.before or {}).get(field.attribute)
            now = row.values.get(field.attribute)
            changed = row.before is not None and field.attribute in row.before and str(was) != str(now)
            shown.append(Cell(title, resource.show(field, now), resource.show(field, was) if changed else None))
    return shown
