from django.urls import URLPattern, path

from registrations import views

urlpatterns: list[URLPattern] = [
    path("daftar/", views.register, name="register"),
    path("daftar/tanda-terima/", views.receipt, name="receipt"),
    path("daftar/gabung/", views.join, name="join"),
    path("daftar/kecamatan/", views.district_options, name="district-options"),
    path("daftar/desa/", views.village_options, name="village-options"),
]
