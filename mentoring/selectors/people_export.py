"""The list of a wave's people as a table to take away: everybody who is wanted, with a masked NIK."""

from collections.abc import Callable, Iterator
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _

from accounts.scope import Scope
from clusters.models import Cluster
from mentoring.selectors.people import Wanted, registrations
from records.fields import keyring
from records.services.exports import rows_out
from registrations.models import STATE_WORDS, Applicant
from registrations.nik import mask_nik
from registrations.querysets import RegistrationQuerySet

FIELDS = ("name", "number", "nik_masked", "clusters", "village", "district", "state", "registered_on")
_NIK: str = Applicant._meta.get_field("nik").aad


def headers() -> list[str]:
    return [
        _("Nama"), _("Nomor pendaftaran"), _("NIK (disamarkan)"), _("Klaster"), _("Desa atau kelurahan"), _("Kecamatan"),
        _("Keadaan"), _("Mendaftar"),
    ]  # fmt: skip


def rows(*, scope: Scope, wanted: Wanted, enter: Callable[[], None]) -> Iterator[list[str]]:
    """Texts under `headers`, by name. What needs the database or the language at once is asked for at once; the people
    themselves are read by COPY in a transaction that `enter` opens, when the rows are asked for."""
    codes = {cluster.index: cluster.code for cluster in Cluster.objects.all()}
    words = {state: str(word) for state, word in STATE_WORDS.items()}
    found = _query(scope, wanted)

    def made() -> Iterator[list[str]]:
        for name, number, applicant, nik, clusters, village, district, state, day in rows_out(found, enter=enter):
            plain = keyring().decrypt(_NIK, UUID(applicant), bytes.fromhex(nik[2:])) if nik else ""
            fits = ", ".join(code for index, code in codes.items() if int(clusters) >> index & 1)
            yield [name, number, mask_nik(plain) if plain else "", fits, village, district, words[state], day]

    return made()


def _query(scope: Scope, wanted: Wanted) -> RegistrationQuerySet:
    """By sub-queries, because who has moved away is another office's person while the registration stays here."""
    person = Applicant.objects.within(scope).filter(pk=OuterRef("applicant_id"))
    found: RegistrationQuerySet = (
        registrations(scope=scope, wanted=wanted)
        .annotate(
            nik=Subquery(person.values("nik")),
            village=Subquery(person.values("village__name")),
            district=Subquery(person.values("village__district__name")),
            day=TruncDate("created_at", tzinfo=ZoneInfo(settings.TIME_ZONE)),
        )
        .values_list("name", "number", "applicant_id", "nik", "clusters", "village", "district", "state", "day")
    )
    return found
