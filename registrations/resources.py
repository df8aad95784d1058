"""Files that bring people: lists that offices and institutions keep."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _
from import_export.fields import Field
from import_export.widgets import Widget

from records.fields import BlindIndexField
from records.resources import CellRefused, DateCell, ImportResource
from registrations.models import ListedPerson, PersonList
from registrations.nik import MESSAGES, check_nik, mask_nik, normalise_digits


class NikCell(Widget):  # type: ignore[misc]
    """A NIK by its form; digits may be grouped."""

    def clean(self, value: str, row: Mapping[str, str] | None = None, **kwargs: Any) -> str:
        nik = normalise_digits(value)
        if nik:
            code = _date_rejection(nik[6:12], nik[12:] == "0000") if _is_number(nik) else _rejection(nik)
            if code:
                raise CellRefused(code, **({"digits": len(nik)} if code == "nik_length" else {}))
        return nik


def _is_number(nik: str) -> bool:
    return len(nik) == 16 and nik.isascii() and nik.isdigit()


def _rejection(nik: str) -> str | None:
    # What is refused depends on no other day than the NIK's own; a date to come is a warning.
    checked = check_nik(nik, birth_date=None, sex=None, known_districts=None, today=date(2000, 1, 1))
    return next((code for code, grade in checked.findings if grade == "reject"), None)


@lru_cache(maxsize=1 << 16)
def _date_rejection(day: str, no_serial: bool) -> str | None:
    """Many people share a birthday, and nothing else of a whole number can be refused."""
    return _rejection(f"337499{day}{'0000' if no_serial else '0001'}")


class NikIndex(Widget):  # type: ignore[misc]
    """The blind index by which a NIK is found again, here and among applicants."""

    def clean(self, value: str, row: Mapping[str, str] | None = None, **kwargs: Any) -> bytes | None:
        nik = normalise_digits(value)
        return BlindIndexField.of("nik", nik) if nik else None

    def render(self, value: bytes | None, obj: Any = None, **kwargs: Any) -> str:
        return ""  # it is for the database, not for a reader


class PersonListImport(ImportResource):
    """People of one list. `options`: kind (PersonList.Kind), source, day (ISO). A later file of the same list adds to it."""

    title = _("Daftar orang")
    titles = {"nik": _("NIK"), "reference": _("Nomor surat atau ID Rekom"), "since": _("Sejak tanggal")}
    also = {
        "nik": ("No KTP", "Nomor KTP", "Nomor Induk Kependudukan"),
        "reference": ("Nomor surat", "ID Rekom", "No surat"),
        "since": ("Tanggal", "Tanggal PHK"),
    }
    optional = frozenset({"reference", "since"})
    texts = {code: _(text) for code, text in MESSAGES.items()}  # marked there, translated here
    template_rows = [["contoh: 3374990101900001", "S-123/2026", "2026-01-31"]]

    nik = Field("nik", "nik", NikCell())
    nik_index = Field("nik_index", "nik", NikIndex())
    since = Field("since", "since", DateCell())

    class Meta:
        model = ListedPerson
        import_id_fields = ("nik_index",)
        fields = ("nik", "nik_index", "reference", "since")

    def prepare(self) -> dict[str, Any]:
        known: dict[str, Any] = {
            "kind": PersonList.Kind(self.options["kind"]),
            "regency_id": self.regency_id,
            "source": self.options["source"],
            "day": date.fromisoformat(self.options["day"]),
        }
        found, _created = PersonList.objects.get_or_create(**known, defaults={"as_of": self.now})
        return {"list_id": str(found.pk)}

    def abandon(self, constants: Mapping[str, Any]) -> None:
        kept = PersonList.objects.filter(pk=constants["list_id"])
        kept.filter(people=None).delete()

    def mask(self, column: str, text: str) -> str:
        return mask_nik(normalise_digits(text))
