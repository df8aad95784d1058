from django.urls import URLPattern, path

from registrations.views import claim, journey, pages, places, receipts, review

urlpatterns: list[URLPattern] = [
    path("daftar/", journey.register, name="register"),
    path("daftar/isi/<slug:slug>/", pages.page, name="register-page"),
    path("daftar/periksa/", review.review, name="register-review"),
    path("daftar/lanjut/", pages.resume, name="register-resume"),
    path("daftar/kode/", pages.code, name="register-code"),
    path("daftar/tutup/", pages.close, name="register-close"),
    path("daftar/tanda-terima/", receipts.receipt, name="receipt"),
    path("daftar/gabung/", receipts.join, name="join"),
    path("klaim/", claim.claim, name="claim"),
    path("daftar/kecamatan/", places.district_options, name="district-options"),
    path("daftar/desa/", places.village_options, name="village-options"),
]
