from django.urls import URLPattern, path

from registrations.views import evidence, journey, pages, places, receipts, review

urlpatterns: list[URLPattern] = [
    path("daftar/", journey.register, name="register"),
    path("daftar/isi/<slug:slug>/", pages.page, name="register-page"),
    path("daftar/periksa/", review.review, name="register-review"),
    path("daftar/lanjut/", pages.resume, name="register-resume"),
    path("daftar/kode/", pages.code, name="register-code"),
    path("daftar/tutup/", pages.close, name="register-close"),
    path("daftar/tanda-terima/", receipts.receipt, name="receipt"),
    path("daftar/gabung/", receipts.join, name="join"),
    path("daftar/bukti/", evidence.of_draft, name="register-papers"),
    path("daftar/bukti/<uuid:registration>/", evidence.of_registration, name="own-papers"),
    path("daftar/bukti/bagian/<uuid:upload>/", evidence.piece, name="papers-piece"),
    path("daftar/bukti/foto/<uuid:evidence_id>/", evidence.photo, name="own-evidence"),
    path("daftar/bukti/foto/<uuid:evidence_id>/hapus/", evidence.remove, name="own-evidence-remove"),
    path("daftar/kecamatan/", places.district_options, name="district-options"),
    path("daftar/desa/", places.village_options, name="village-options"),
]
