"""Who has looked into a person's file or decided something about it, as that person is told.

The office and the role are named, not the member of staff: whoever objects, objects to the office, which knows the name
from the log. The note behind a reason stays with the auditor; it may speak of others.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.scope import OFFICE_ROLES
from clusters.models import LabourOffice
from clusters.models.offices import ROLE_WORDS
from records.models import Event, Read

SHOWN = 50
FIELD_WORDS = {
    "nik": gettext_lazy("NIK"),
    "kk": gettext_lazy("Nomor KK"),
    "phone": gettext_lazy("Nomor HP"),
    "birth_date": gettext_lazy("Tanggal lahir"),
    "grievance": gettext_lazy("Isi sanggahan atau pengaduan"),
    "evidence": gettext_lazy("Foto bukti"),
}
# What may be done to a person's own registration and place.
PERSON_KINDS = {
    "registration.created": gettext_lazy("Mendaftar"),
    "assistance.opened": gettext_lazy("Pendaftaran dibuka untuk membantu Anda"),
    "registration.claimed": gettext_lazy("Pendaftaran diambil dengan kode klaim"),
    "registration.joined": gettext_lazy("Gabung gelombang"),
    "registration.withdrawn": gettext_lazy("Mengundurkan diri"),
    "registration.ineligible": gettext_lazy("Tidak memenuhi syarat menurut daftar terbaru"),
    "registration.eligible": gettext_lazy("Memenuhi syarat lagi menurut daftar terbaru"),
    "registration.rechecked": gettext_lazy("Dicocokkan lagi dengan daftar terbaru"),
    "registration.wishes": gettext_lazy("Memilih kelas"),
    "registration.verified": gettext_lazy("Data dinyatakan lengkap"),
    "registration.incomplete": gettext_lazy("Data dinyatakan belum lengkap"),
    "registration.rejected": gettext_lazy("Pendaftaran ditolak"),
    "identity.matched": gettext_lazy("Data kependudukan padan"),
    "identity.not_matched": gettext_lazy("Data kependudukan tidak padan"),
    "identity.sighted": gettext_lazy("KTP dan KK asli dilihat"),
    "identity.given_back": gettext_lazy("Pengesahan KTP dikembalikan"),
    "identity.confirmed": gettext_lazy("Data kependudukan disahkan kantor"),
    "identity.asked_again": gettext_lazy("Data kependudukan diperiksa ulang"),
    "evidence.added": gettext_lazy("Bukti dikirim"),
    "evidence.removed": gettext_lazy("Bukti dihapus"),
    "evidence.accepted": gettext_lazy("Bukti dinyatakan sesuai"),
    "evidence.refused": gettext_lazy("Bukti dinyatakan tidak sesuai"),
    "placement.offered": gettext_lazy("Mendapat tempat"),
    "placement.accepted": gettext_lazy("Tempat diterima"),
    "placement.declined": gettext_lazy("Tempat dikembalikan"),
    "placement.lapsed": gettext_lazy("Batas jawab lewat"),
    "registration.corrected": gettext_lazy("Data diperbaiki"),
    "applicant.changed": gettext_lazy("Data diri diganti"),
    "duplicate.same": gettext_lazy("Dinyatakan orang yang sama dengan pendaftaran lain"),
    "duplicate.different": gettext_lazy("Dinyatakan orang yang berbeda dari pendaftaran lain"),
    "duplicate.unsure": gettext_lazy("Kemungkinan data ganda diperiksa"),
    "duplicate.undone": gettext_lazy("Putusan data ganda dibatalkan"),
    "erasure.requested": gettext_lazy("Penghapusan data diminta"),
    "erasure.proposed": gettext_lazy("Penghapusan data diusulkan petugas pertama"),
    "erasure.approved": gettext_lazy("Penghapusan data disetujui petugas kedua"),
    "erasure.refused": gettext_lazy("Penghapusan data ditolak"),
    "erasure.withdrawn": gettext_lazy("Permintaan penghapusan ditarik"),
    "erasure.done": gettext_lazy("Data dihapus"),
    "applicant.downloaded": gettext_lazy("Pendaftar mengunduh datanya"),
    "grievance.received": gettext_lazy("Sanggahan atau pengaduan diterima"),
    "grievance.working": gettext_lazy("Sanggahan atau pengaduan mulai ditangani"),
    "grievance.answered": gettext_lazy("Sanggahan atau pengaduan dijawab kantor"),
    "grievance.escalated": gettext_lazy("Sanggahan atau pengaduan diteruskan ke provinsi"),
    "grievance.closed": gettext_lazy("Sanggahan atau pengaduan selesai"),
    "grievance.withdrawn": gettext_lazy("Sanggahan atau pengaduan ditarik"),
}
# The first words of a reason (mentoring.forms), which are kept in Indonesian.
PURPOSES = {
    "Mencocokkan dengan KTP di loket": gettext_lazy("Mencocokkan dengan KTP di loket"),
    "Menghubungi pendaftar": gettext_lazy("Menghubungi pendaftar"),
    "Memperbaiki data atas permintaan pendaftar": gettext_lazy("Memperbaiki data atas permintaan pendaftar"),
    "Menangani pengaduan atau sanggahan": gettext_lazy("Menangani pengaduan atau sanggahan"),
    "Memeriksa bukti": gettext_lazy("Memeriksa bukti"),
    "Pemeriksaan": pgettext_lazy("alasan", "Pemeriksaan"),
}
CLIENT_WORDS = {
    "ministry": gettext_lazy("Kementerian, lewat layanan data"),
    "institution": gettext_lazy("Lembaga lain, lewat layanan data"),
}
OWN_ROLES = ("applicant", "public", "system")


@dataclass(frozen=True)
class Look:
    """`what`: the field that was seen in full, or what was done; `why` is "" for a decision."""

    at: datetime
    who: str
    what: str
    why: str


def looks_at(applicant_id: UUID) -> list[Look]:
    """The newest SHOWN times somebody else saw a field of the person's in full or decided something, newest first."""
    reads = Read.objects.filter(person_id=applicant_id).order_by("-at")[:SHOWN]
    events = Event.objects.filter(person_id=applicant_id).exclude(actor_role__in=OWN_ROLES).order_by("-at")[:SHOWN]
    offices = {office.pk: office for office in LabourOffice.objects.select_related("regency")}
    looks = [
        Look(
            read.at,
            _who(read, offices),
            str(FIELD_WORDS.get(read.field, read.field)),
            str(PURPOSES.get(read.reason.partition(":")[0], _("Keperluan lain yang tercatat"))),
        )
        for read in reads
    ]
    looks += [
        Look(event.at, _who(event, offices), str(PERSON_KINDS[event.kind]), "")
        for event in events
        if event.kind in PERSON_KINDS
    ]
    return sorted(looks, key=lambda look: look.at, reverse=True)[:SHOWN]


def _who(line: Read | Event, offices: dict[int, LabourOffice]) -> str:
    """An office's staff sees its own regency only, so the person's regency then was the office's."""
    role = str(ROLE_WORDS.get(line.actor_role) or CLIENT_WORDS.get(line.actor_role) or _("Petugas"))
    office = offices.get(line.regency_id or 0)
    if line.actor_role in OFFICE_ROLES and office:
        name = office.short_name or office.long_name or _("dinas tenaga kerja")
        return f"{capfirst(name)} {office.regency.name} ({role})"
    if line.actor_role in ROLE_WORDS:
        return _("Provinsi Jawa Tengah (%(role)s)") % {"role": role}
    return role
