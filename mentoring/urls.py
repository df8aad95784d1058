from django.urls import URLPattern, path

from mentoring import views

urlpatterns: list[URLPattern] = [
    path("tempat-kerja/", views.workplace, name="workplace"),
    path("kantor/", views.today, name="office"),
    path("kantor/peserta/", views.people, name="office-people"),
    path("kantor/cari/", views.search, name="office-search"),
    path("kantor/peserta/<uuid:registration_id>/", views.person, name="office-person"),
    path("kantor/peserta/<uuid:registration_id>/nomor/", views.show_number, name="office-reveal"),
]
