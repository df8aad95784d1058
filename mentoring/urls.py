from django.urls import URLPattern, path

from mentoring.views import downloads, evidence, grievances, identity, imports, office

urlpatterns: list[URLPattern] = [
    path("tempat-kerja/", office.workplace, name="workplace"),
    path("kantor/", office.today, name="office"),
    path("kantor/peserta/", office.people, name="people"),
    path("kantor/peserta/unduh/", downloads.people_download, name="people-download"),
    path("kantor/cari/", office.search, name="people-search"),
    path("kantor/peserta/<uuid:registration_id>/", office.person, name="person"),
    path("kantor/peserta/<uuid:registration_id>/nomor/", office.show_number, name="person-number"),
    path("kantor/peserta/<uuid:registration_id>/kependudukan/", identity.decide_identity, name="person-identity"),
    path("kantor/bukti/<uuid:evidence_id>/buka/", evidence.evidence_open, name="evidence-open"),
    path("kantor/bukti/<uuid:evidence_id>/putuskan/", evidence.evidence_decide, name="evidence-decide"),
    path("kantor/sanggahan/", grievances.grievances, name="grievances"),
    path("kantor/sanggahan/<uuid:grievance>/", grievances.grievance, name="grievance"),
    path("kantor/sanggahan/<uuid:grievance>/buka/", grievances.grievance_open, name="grievance-open"),
    path("kantor/sanggahan/<uuid:grievance>/jawab/", grievances.grievance_answer, name="grievance-answer"),
    path("kantor/sanggahan/<uuid:grievance>/teruskan/", grievances.grievance_forward, name="grievance-forward"),
    path("kantor/impor/", imports.imports, name="imports"),
    path("kantor/impor/baru/<slug:kind>/", imports.import_new, name="import-new"),
    path("kantor/impor/baru/<slug:kind>/templat.xlsx", imports.import_template, name="import-template"),
    path("kantor/impor/<uuid:import_id>/", imports.import_page, name="import"),
    path("kantor/impor/<uuid:import_id>/kolom/", imports.import_columns, name="import-columns"),
    path("kantor/impor/<uuid:import_id>/putuskan/", imports.import_decide, name="import-decide"),
    path("kantor/impor/<uuid:import_id>/ditolak.xlsx", imports.import_refused, name="import-refused"),
    path("kantor/impor/<uuid:import_id>/batalkan/", imports.import_undo, name="import-undo"),
]
