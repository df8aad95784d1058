from django.urls import URLPattern, path

from mentoring.views import office

urlpatterns: list[URLPattern] = [
    path("tempat-kerja/", office.workplace, name="workplace"),
    path("kantor/", office.today, name="office"),
    path("kantor/peserta/", office.people, name="people"),
    path("kantor/cari/", office.search, name="people-search"),
    path("kantor/peserta/<uuid:registration_id>/", office.person, name="person"),
    path("kantor/peserta/<uuid:registration_id>/nomor/", office.show_number, name="person-number"),
]
