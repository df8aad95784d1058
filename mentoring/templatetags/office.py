"""The words of the office's pages for the codes that models keep."""

from collections.abc import Iterable

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from clusters.models import Cluster
from registrations.models import DIFFERENCE_WORDS, STATE_WORDS
from training.selectors.trail import PERSON_KINDS

register = template.Library()

STATES = STATE_WORDS | {
    "offered": gettext_lazy("Ditawarkan"),
    "accepted": gettext_lazy("Diterima peserta"),
    "declined": gettext_lazy("Ditolak peserta"),
    "lapsed": gettext_lazy("Lewat batas waktu"),
}
TONES = {
    "registered": "warning",
    "joined": "positive",
    "withdrawn": "neutral",
    "ineligible": "negative",
    "offered": "warning",
    "accepted": "positive",
    "declined": "neutral",
    "lapsed": "negative",
}
# Why somebody belongs to a cluster. Woman or disability is not told apart: disability is the person's own to tell.
REASONS = {
    "pmi_candidate": gettext_lazy("calon pekerja migran Indonesia"),
    "borobudur_village": gettext_lazy("desa di kawasan Borobudur"),
    "borobudur_regency": gettext_lazy("kabupaten/kota di kawasan Borobudur"),
    "phk_person": gettext_lazy("terkena PHK atau dirumahkan"),
    "phk_regency": gettext_lazy("tinggal di daerah PHK"),
    "afirmasi_woman": gettext_lazy("perempuan atau penyandang disabilitas"),
    "afirmasi_disability": gettext_lazy("perempuan atau penyandang disabilitas"),
    "blank_spot": gettext_lazy("desa terpencil atau tanpa sinyal"),
    "remote_statement": gettext_lazy("menyatakan tinggal di tempat terpencil"),
    "unfamiliar_digital": gettext_lazy("belum terbiasa dengan perangkat digital"),
}
EVENTS = {
    "registration.created": gettext_lazy("Mendaftar"),
    "assistance.opened": PERSON_KINDS["assistance.opened"],
    "registration.claimed": PERSON_KINDS["registration.claimed"],
    "registration.joined": pgettext_lazy("peristiwa", "Gabung gelombang"),
    "registration.withdrawn": gettext_lazy("Mengundurkan diri"),
    "registration.ineligible": gettext_lazy("Tidak memenuhi syarat menurut daftar terbaru"),
    "registration.eligible": gettext_lazy("Memenuhi syarat lagi menurut daftar terbaru"),
    "registration.rechecked": gettext_lazy("Dicocokkan lagi dengan daftar terbaru"),
    "registration.corrected": gettext_lazy("Memperbaiki data"),
    "registration.wishes": gettext_lazy("Memilih kelas"),
    "identity.matched": gettext_lazy("Data kependudukan padan"),
    "identity.not_matched": gettext_lazy("Data kependudukan tidak padan"),
    "identity.sighted": gettext_lazy("KTP dan KK asli dilihat"),
    "identity.given_back": gettext_lazy("Pengesahan KTP dikembalikan"),
    "identity.confirmed": gettext_lazy("Data kependudukan disahkan kantor"),
    "identity.asked_again": gettext_lazy("Data kependudukan diperiksa ulang"),
    "placement.offered": gettext_lazy("Mendapat tempat di kelas"),
    "placement.accepted": gettext_lazy("Menerima tempat"),
    "placement.declined": gettext_lazy("Menolak tempat"),
    "placement.lapsed": gettext_lazy("Batas menjawab terlewat"),
    **{
        kind: words
        for kind, words in PERSON_KINDS.items()
        if kind.startswith(("applicant.", "duplicate.", "erasure.", "evidence.", "grievance."))
    },
}
ROLES = {
    "applicant": gettext_lazy("pendaftar"),
    "public": gettext_lazy("pendaftar"),
    "mentor": gettext_lazy("pendamping"),
    "office_head": gettext_lazy("kepala kantor"),
    "planner": gettext_lazy("perencana provinsi"),
    "approver": gettext_lazy("penyetuju provinsi"),
    "auditor": gettext_lazy("pemeriksa"),
    "operator": gettext_lazy("pengelola portal"),
    "system": gettext_lazy("portal"),
}
FIELDS = {
    "nik": gettext_lazy("NIK"),
    "kk": gettext_lazy("nomor KK"),
    "phone": gettext_lazy("nomor HP"),
    "birth_date": gettext_lazy("tanggal lahir"),
    "grievance": gettext_lazy("isi sanggahan atau pengaduan"),
    "evidence": gettext_lazy("foto bukti"),
}


@register.filter
def keadaan(state: str) -> str:
    """The words of a registration's or placement's state."""
    return str(STATES[state])


@register.filter
def nada(state: str) -> str:
    """The tone of a registration's or placement's state, for the badge."""
    return TONES[state]


@register.filter
def alasan(code: str) -> str:
    """Why somebody belongs to a cluster or to the offline route; empty for a reason against."""
    return str(REASONS.get(code, ""))


@register.filter
def kejadian(kind: str) -> str:
    """What happened; a kind that has no words yet shows its code."""
    return str(EVENTS.get(kind) or _("Perubahan") + f" ({kind})")


@register.filter
def peran(role: str) -> str:
    return str(ROLES.get(role, role))


@register.filter
def isian(field: str) -> str:
    """The name of a personal field."""
    return str(FIELDS.get(field, field))


@register.filter
def klaster(bits: int, clusters: Iterable[Cluster]) -> str:
    """The codes of the clusters in an eligibility set: "PMI, AFIRMASI"."""
    return ", ".join(cluster.code for cluster in clusters if bits >> cluster.index & 1)


@register.filter
def beda(codes: Iterable[str]) -> str:
    """What did not match at the civil registry: "nomor KK, nama"."""
    return ", ".join(str(DIFFERENCE_WORDS[code]) for code in codes)
