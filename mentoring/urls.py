from django.urls import URLPattern, path

from mentoring import views

urlpatterns: list[URLPattern] = [
    path("tempat-kerja/", views.workplace, name="workplace"),
    path("kantor/", views.today, name="office"),
    path("kantor/peserta/", views.people, name="people"),
    path("kantor/cari/", views.search, name="people-search"),
    path("kantor/peserta/<uuid:registration_id>/", views.person, name="person"),
    path("kantor/peserta/<uuid:registration_id>/nomor/", views.show_number, name="person-number"),
]
