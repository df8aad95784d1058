from django.urls import URLPattern, path

from registrations.views import claim, corrections, evidence, journey, own, pages, places, receipts, review

urlpatterns: list[URLPattern] = [
    path("daftar/", journey.register, name="register"),
    path("daftar/isi/<slug:slug>/", pages.page, name="register-page"),
    path("daftar/periksa/", review.review, name="register-review"),
    path("daftar/perbaiki/", corrections.correct, name="correct"),
    path("daftar/perbaiki/kirim/", corrections.correct_send, name="correct-send"),
    path("daftar/ikut-lagi/", corrections.rejoin, name="rejoin"),
    path("status/nomor-hp/", own.phone, name="own-phone"),
    path("status/nomor-hp/kode/", own.phone_code, name="own-phone-code"),
    path("status/nomor-kk/", own.card, name="own-card"),
    path("status/tempat-tinggal/", own.move, name="own-move"),
    path("daftar/lanjut/", pages.resume, name="register-resume"),
    path("daftar/kode/", pages.code, name="register-code"),
    path("daftar/tutup/", pages.close, name="register-close"),
    path("daftar/tanda-terima/", receipts.receipt, name="receipt"),
    path("daftar/tanda-terima/berkas.pdf", receipts.receipt_file, name="receipt-file"),
    path("daftar/gabung/", receipts.join, name="join"),
    path("klaim/", claim.claim, name="claim"),
    path("daftar/bukti/", evidence.of_draft, name="register-papers"),
    path("daftar/bukti/<uuid:registration>/", evidence.of_registration, name="own-papers"),
    path("daftar/bukti/bagian/<uuid:upload>/", evidence.piece, name="papers-piece"),
    path("daftar/bukti/foto/<uuid:evidence_id>/", evidence.photo, name="own-evidence"),
    path("daftar/bukti/foto/<uuid:evidence_id>/hapus/", evidence.remove, name="own-evidence-remove"),
    path("daftar/kecamatan/", places.district_options, name="district-options"),
    path("daftar/desa/", places.village_options, name="village-options"),
]
