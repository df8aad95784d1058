"""A decision in sentences: Indonesian msgids, translated by the caller."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from registrations.eligibility.rules import CLUSTER_FACTS, LISTS, Decision, Listing

_ = str  # marks the sentences for makemessages; Words translates and fills them in

# What each rule asks for, as a condition that holds for whoever passes.
CONDITIONS: dict[str, str] = {
    "citizen": _("Anda warga negara Indonesia dengan KTP."),
    "min_age": _("Usia Anda paling sedikit {min_age} tahun."),
    "max_age": _("Usia Anda paling banyak {max_age} tahun."),
    "in_education": _("Anda tidak sedang bersekolah atau kuliah."),
    "excluded_office": _(
        "Anda bukan pejabat negara, anggota DPRD, ASN, TNI, Polri, kepala atau perangkat desa, atau pimpinan BUMN atau BUMD."
    ),
    "received_before": _("Anda belum pernah menerima Kartu Prakerja."),
    "household_limit": _("Paling banyak {household_limit} orang dari satu kartu keluarga ikut."),
    "aid_list": _("Anda tidak tercatat sebagai penerima bantuan sosial."),
    "offline_entitlement": _("Ada alasan memakai jalur luring."),
    "no_cluster": _("Anda termasuk paling sedikit satu klaster."),
    "blank_spot": _("Desa Anda ada di daftar desa terpencil atau tanpa sinyal."),
    "remote_statement": _("Anda menyatakan tinggal di tempat terpencil atau tanpa sinyal."),
    "unfamiliar_digital": _("Anda menyatakan belum terbiasa dengan perangkat digital."),
    "PMI": _("Anda calon pekerja migran Indonesia."),
    "BOROBUDUR": _("Anda tinggal di kawasan Borobudur."),
    "PHK": _("Anda terkena PHK atau dirumahkan, atau tinggal di daerah PHK."),
    "AFIRMASI": _("Anda perempuan atau penyandang disabilitas."),
}

# What a failed rule says: the rule, what to do, and where.
FAILURES: dict[str, str] = {
    "citizen": _(
        "Program ini untuk warga negara Indonesia yang memiliki KTP. Belum punya KTP, atau datanya keliru? Urus di Dinas "
        "Kependudukan dan Pencatatan Sipil (Dukcapil)."
    ),
    "min_age": _(
        "Peserta paling muda {min_age} tahun. Anda dapat mendaftar mulai ulang tahun ke-{min_age}. Tanggal lahir di KTP "
        "keliru? Perbaiki di Dinas Kependudukan dan Pencatatan Sipil (Dukcapil)."
    ),
    "max_age": _(
        "Peserta paling tua {max_age} tahun. Tanyakan pelatihan lain kepada {office}. Tanggal lahir di KTP keliru? Perbaiki "
        "di Dinas Kependudukan dan Pencatatan Sipil (Dukcapil)."
    ),
    "in_education": _(
        "Peserta tidak sedang bersekolah atau kuliah. Anda dapat mendaftar setelah lulus atau berhenti. Sudah lulus atau "
        "berhenti, tetapi masih tercatat? Minta sekolah atau kampus Anda memperbarui datanya."
    ),
    "excluded_office": _(
        "Jabatan yang Anda isi tidak dapat menerima Kartu Prakerja. Sudah tidak menjabat? Perbaiki isian pekerjaan, dan "
        "tunjukkan surat berhenti bila diminta {office}."
    ),
    "received_before": _(
        "Kartu Prakerja diberikan sekali seumur hidup, dan yang pernah menerimanya tidak dapat ikut lagi. Bila keliru, "
        "sampaikan kepada {office}."
    ),
    "household_limit": _(
        "Paling banyak {household_limit} orang dalam satu kartu keluarga. Kartu keluarga Anda sudah berubah? Urus yang baru "
        "di Dinas Kependudukan dan Pencatatan Sipil (Dukcapil), lalu tunjukkan kepada {office}."
    ),
    "aid_list": _(
        "Anda tercatat sebagai penerima bantuan sosial. Bila keliru, minta Kementerian Sosial memperbaikinya lewat dinas "
        "sosial di kabupaten atau kota Anda."
    ),
    "offline_entitlement": _(
        "Kuota luring untuk warga desa terpencil atau tanpa sinyal, atau yang belum terbiasa dengan perangkat digital. Anda "
        "dapat mendaftar lewat jalur daring. Isian keliru? Perbaiki, atau tanyakan kepada {office}."
    ),
    "no_cluster": _(
        "Anda belum termasuk salah satu klaster kuota luring. Anda dapat mendaftar lewat jalur daring. Isian keliru? "
        "Perbaiki, atau tanyakan kepada {office}."
    ),
}

ENTITLEMENTS = {code: CONDITIONS[code] for code in ("blank_spot", "remote_statement", "unfamiliar_digital")}

CLUSTER_REASONS: dict[str, str] = {
    "pmi_candidate": _("Klaster PMI: ya, Anda calon pekerja migran Indonesia."),
    "pmi_not": _("Klaster PMI: tidak, Anda tidak tercatat sebagai calon pekerja migran Indonesia."),
    "pmi_unknown": _("Klaster PMI: belum dapat dipastikan."),
    "borobudur_village": _("Klaster Borobudur: ya, desa Anda termasuk kawasan Borobudur."),
    "borobudur_regency": _("Klaster Borobudur: ya, kabupaten/kota Anda termasuk kawasan Borobudur."),
    "borobudur_not": _("Klaster Borobudur: tidak, tempat tinggal Anda di luar kawasan Borobudur."),
    "borobudur_unknown": _("Klaster Borobudur: belum dapat dipastikan."),
    "phk_person": _("Klaster PHK: ya, Anda terkena PHK atau dirumahkan."),
    "phk_regency": _("Klaster PHK: ya, kabupaten/kota Anda termasuk daerah PHK."),
    "phk_not": _("Klaster PHK: tidak, Anda tidak terkena PHK atau dirumahkan dan tidak tinggal di daerah PHK."),
    "phk_unknown": _("Klaster PHK: belum dapat dipastikan."),
    "afirmasi_woman": _("Klaster afirmasi: ya, untuk perempuan."),
    "afirmasi_disability": _("Klaster afirmasi: ya, untuk penyandang disabilitas."),
    "afirmasi_not": _("Klaster afirmasi: tidak, klaster ini untuk perempuan dan penyandang disabilitas."),
    "afirmasi_unknown": _("Klaster afirmasi: belum dapat dipastikan."),
    "not_entitled": _("Klaster terbuka setelah ada alasan memakai jalur luring."),
}

# How each fact that is not known yet can be supplied.
MISSING: dict[str, str] = {
    "birth_date": _("Isi tanggal lahir Anda seperti di KTP."),
    "sex": _("Isi jenis kelamin Anda seperti di KTP."),
    "citizen": _("Jawab apakah Anda warga negara Indonesia dengan KTP."),
    "in_education": _("Jawab apakah Anda sedang bersekolah atau kuliah."),
    "occupation": _("Isi pekerjaan Anda."),
    "village_id": _("Pilih desa atau kelurahan tempat Anda tinggal."),
    "regency_id": _("Pilih kabupaten atau kota tempat Anda tinggal."),
    "village_is_blank_spot": _("Pilih desa atau kelurahan tempat Anda tinggal."),
    "remote_statement": _("Jawab apakah Anda tinggal di tempat terpencil atau tanpa sinyal."),
    "unfamiliar_digital": _("Jawab apakah Anda belum terbiasa dengan perangkat digital."),
    "pmi_candidate": _("Jawab apakah Anda calon pekerja migran, atau tunjukkan ID Rekom kepada {office}."),
    "laid_off": _("Jawab apakah Anda terkena PHK, atau tunjukkan suratnya kepada {office}."),
    "disabled": _("Jawab apakah Anda penyandang disabilitas. Anda boleh tidak menjawab."),
    "received_before": _("Jawab apakah Anda pernah menerima Kartu Prakerja."),
    "household_members_registered": _("Isi nomor kartu keluarga Anda."),
    "on_aid_list": _(
        "Daftar penerima bantuan sosial belum kami terima. Anda tidak perlu berbuat apa-apa: pendaftaran berjalan terus, dan "
        "daftarnya dicocokkan sebelum undian."
    ),
}

LIST_NAMES: dict[str, str] = {
    "laid_off": _("Pekerja terkena PHK"),
    "aid_recipient": _("Penerima bantuan sosial"),
    "cpmi": _("Calon pekerja migran (ID Rekom)"),
    "in_education": _("Sedang bersekolah atau kuliah (Dapodik, EMIS, PDDikti)"),
    "excluded": _("Pernah menerima Kartu Prakerja atau diblokir"),
}

ELIGIBLE = _("Anda memenuhi syarat kuota luring.")
NOT_ELIGIBLE = _("Anda belum memenuhi syarat kuota luring.")
NOT_KNOWN = _("Syarat kuota luring belum dapat dipastikan semuanya.")
BASIS = _("Dasar: {article}.")
LISTED = _("Daftar “{list}” dari {source}, keadaan per {day}, memuat Anda.")
OFFICE = _("dinas tenaga kerja di kabupaten atau kota Anda")
ONE_CHANGE = _("Yang harus berbeda supaya Anda memenuhi syarat: {things}")
CHANGES = _("Supaya Anda memenuhi syarat, {count} hal ini harus berbeda: {things}")
ONE_OF = _("Salah satu dari ini cukup: {things}")


@dataclass(frozen=True)
class Words:
    """How sentences are said: `translate` is gettext of the reader's language, `day` writes a date, `office` is the name of
    the reader's labour office where it is known."""

    translate: Callable[[str], str] = str
    day: Callable[[date], str] = str
    office: str = ""

    def __call__(self, sentence: str, **values: object) -> str:
        return self.translate(sentence).format(office=self.office or self.translate(OFFICE), **values)


def explain(decision: Decision, words: Words = Words()) -> list[str]:
    """The decision in sentences: the result; each failure with its article, the list behind it, what to do and where; the
    least that would have to be different; what holds; what is not known yet and how to supply it.
    """
    results = {True: ELIGIBLE, False: NOT_ELIGIBLE, None: NOT_KNOWN}
    sentences = [words(results[decision.answer])]
    numbers = decision.rules.numbers
    sentences += [failure(rule, article, decision.lists, numbers, words) for rule, article in decision.failures]
    if decision.changes:
        sentences.append(_changes(decision, words))
    if decision.entitlement:
        sentences += [words(ENTITLEMENTS[code]) for code in decision.entitlement]
        sentences += [words(CLUSTER_REASONS[code]) for code in decision.cluster_reasons]
        sentences += [_listed(one, words) for one in decision.lists if LISTS[one.kind] in CLUSTER_FACTS]
    facts = dict.fromkeys(words(MISSING[fact]) for _code, missing in decision.unknown for fact in missing)
    return [*sentences, *facts]


def failure(rule: str, article: str, lists: Iterable[Listing], numbers: Mapping[str, object], words: Words) -> str:
    """What one failed rule says. `lists`: those of the person; `numbers`: those of the rule set."""
    said = [_listed(one, words) for one in lists if LISTS[one.kind] == rule]
    return " ".join([*said, words(FAILURES[rule], **numbers), words(BASIS, article=article)])


def _listed(one: Listing, words: Words) -> str:
    return words(LISTED, list=words(LIST_NAMES[one.kind]), source=one.source, day=words.day(one.day))


def _changes(decision: Decision, words: Words) -> str:
    numbers = decision.rules.numbers
    things = []
    for alternatives in decision.changes:
        conditions = " / ".join(words(CONDITIONS[code], **numbers).rstrip(".") for code in alternatives)
        things.append(words(ONE_OF, things=conditions) if len(alternatives) > 1 else conditions)
    sentence = ONE_CHANGE if len(things) == 1 else CHANGES
    return words(sentence, count=len(things), things="; ".join(things) + ".")
