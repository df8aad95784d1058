"""What stands in the logs, in words."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clusters.models.offices import ROLE_WORDS
from training.selectors.trail import CLIENT_WORDS, FIELD_WORDS, PERSON_KINDS

KIND_WORDS = {
    **PERSON_KINDS,
    "assistance.began": gettext_lazy("Mulai mendampingi pendaftaran"),
    "paper.issued": gettext_lazy("Formulir kertas dicetak"),
    "decision.created": gettext_lazy("Keputusan kuota dicatat"),
    "wave.created": gettext_lazy("Gelombang dibuat"),
    "wave.changed": gettext_lazy("Gelombang diubah"),
    "wave.extended": gettext_lazy("Pendaftaran diperpanjang"),
    "wave.open": gettext_lazy("Pendaftaran dibuka"),
    "wave.closed": gettext_lazy("Pendaftaran ditutup"),
    "wave.frozen": gettext_lazy("Daftar dibekukan"),
    "wave.drawn": gettext_lazy("Undian dihitung"),
    "wave.published": gettext_lazy("Hasil gelombang diumumkan"),
    "wave.running": gettext_lazy("Pelatihan dimulai"),
    "wave.finished": gettext_lazy("Gelombang selesai"),
    "wave.cancelled": gettext_lazy("Gelombang dibatalkan"),
    "quota.proposed": gettext_lazy("Pembagian kuota diusulkan"),
    "quota.published": gettext_lazy("Pembagian kuota disahkan"),
    "figure.chosen": gettext_lazy("Angka data dipilih"),
    "figure.entered": gettext_lazy("Angka data diisi"),
    "figure.withdrawn": gettext_lazy("Pilihan angka data ditarik"),
    "policy.stored": gettext_lazy("Aturan kuota disimpan"),
    "scenario.created": gettext_lazy("Skenario kuota disimpan"),
    "scenario.changed": gettext_lazy("Skenario kuota diubah"),
    "scenario.archived": gettext_lazy("Skenario kuota diarsipkan"),
    "scenario.commented": gettext_lazy("Skenario kuota diberi catatan"),
    "class.added": gettext_lazy("Kelas ditambah"),
    "class.changed": gettext_lazy("Kelas diubah"),
    "draw.freeze_requested": gettext_lazy("Pembekuan daftar diminta"),
    "draw.rolled": gettext_lazy("Dadu dicatat"),
    "draw.seeded": gettext_lazy("Angka dadu disetujui orang kedua"),
    "draw.dice_cleared": gettext_lazy("Catatan dadu dihapus untuk diulang"),
    "draw.published": gettext_lazy("Hasil undian diumumkan"),
    "draw.void_asked": gettext_lazy("Pembatalan undian diminta"),
    "draw.void": gettext_lazy("Undian dibatalkan"),
    "draw.void_turned_down": gettext_lazy("Pembatalan undian ditolak"),
    "draw.auditors_pack_read": gettext_lazy("Berkas pemeriksa diunduh"),
    "account.password_set": gettext_lazy("Kata sandi dibuat"),
    "membership.proposed": gettext_lazy("Petugas diusulkan"),
    "membership.approved": gettext_lazy("Petugas disetujui"),
    "membership.refused": gettext_lazy("Usulan petugas ditolak"),
    "membership.withdrawn": gettext_lazy("Usulan petugas ditarik"),
    "membership.ended": gettext_lazy("Tugas petugas diakhiri"),
    "admin.added": gettext_lazy("Data acuan ditambah"),
    "admin.changed": gettext_lazy("Data acuan diubah"),
    "admin.retried": gettext_lazy("Pekerjaan sistem diulang"),
    "messages.budget_spent": gettext_lazy("Anggaran pesan habis"),
}
# Kinds that are made of a word and what it is about.
GROUP_WORDS = {
    "api_client": gettext_lazy("Lembaga pengguna layanan data"),
    "export": gettext_lazy("Data diunduh"),
    "import": gettext_lazy("Berkas diimpor"),
    "factor": gettext_lazy("Faktor kedua"),
}
SUBJECT_WORDS = {
    "assistance": gettext_lazy("pendampingan"),
    "paperlot": gettext_lazy("formulir kertas"),
    "registration": gettext_lazy("pendaftaran"),
    "applicant": gettext_lazy("pendaftar"),
    "placement": gettext_lazy("tempat"),
    "grievance": gettext_lazy("sanggahan atau pengaduan"),
    "wave": gettext_lazy("gelombang"),
    "quota_decision": gettext_lazy("keputusan kuota"),
    "quota_split": gettext_lazy("pembagian kuota"),
    "figure_choice": gettext_lazy("angka data"),
    "quota_policy": gettext_lazy("aturan kuota"),
    "scenario": gettext_lazy("skenario kuota"),
    "training_class": gettext_lazy("kelas"),
    "draw": gettext_lazy("undian"),
    "user": gettext_lazy("akun"),
}


def kind_words(kind: str) -> str:
    """In the reader's language; a kind that nobody has put into words yet stands as it is recorded."""
    if kind in KIND_WORDS:
        return str(KIND_WORDS[kind])
    group, _dot, what = kind.partition(".")
    return f"{GROUP_WORDS[group]}: {what}" if group in GROUP_WORDS else kind


def read_words(field: str) -> str:
    return _("Melihat lengkap: %(field)s") % {"field": FIELD_WORDS.get(field, field)}


def role_words(role: str, kind: str = "") -> str:
    """What nobody asked for, a place that is offered or lapses, is the system's doing."""
    if kind in ("placement.offered", "placement.lapsed"):
        role = "system"
    own = {"public": _("Pendaftar"), "applicant": _("Pendaftar"), "system": _("Sistem")}
    return str(ROLE_WORDS.get(role) or CLIENT_WORDS.get(role) or own.get(role) or role)


def subject_words(subject: str) -> str:
    return str(SUBJECT_WORDS.get(subject, subject))
