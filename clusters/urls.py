from django.urls import URLPattern, path

from clusters.views import decisions, quota, staff, studio, waves

urlpatterns: list[URLPattern] = [
    path("kuota/<slug:wave>/", quota.quota, name="quota"),
    path("kuota/<slug:wave>/kuota.csv", quota.quota_csv, name="quota-csv"),
    path("provinsi/kuota/<slug:wave>/", quota.province_quota, name="province-quota"),
    path("provinsi/kuota/<slug:wave>/hitung/", quota.propose, name="province-quota-propose"),
    path("provinsi/kuota/<slug:wave>/sahkan/<uuid:split>/", quota.publish, name="province-quota-publish"),
    path("provinsi/kuota/<slug:wave>/studio/", studio.studio, name="studio"),
    path("provinsi/kuota/<slug:wave>/studio/simpan/", studio.save, name="studio-save"),
    path("provinsi/kuota/<slug:wave>/studio/<uuid:scenario>/salin/", studio.duplicate, name="studio-duplicate"),
    path("provinsi/kuota/<slug:wave>/studio/<uuid:scenario>/arsip/", studio.archive, name="studio-archive"),
    path("provinsi/kuota/<slug:wave>/studio/<uuid:scenario>/catatan/", studio.comment, name="studio-comment"),
    path("provinsi/kuota/<slug:wave>/studio/<uuid:scenario>/usulkan/", studio.propose, name="studio-propose"),
    path("provinsi/", waves.province, name="province"),
    path("provinsi/petugas/", staff.province_staff, name="province-staff"),
    path("kantor/petugas/", staff.office_staff, name="staff"),
    path("kantor/petugas/undang/", staff.invite, name="staff-invite"),
    path("kantor/petugas/usulan/<uuid:proposal>/", staff.proposal_page, name="proposal"),
    path("kantor/petugas/<int:membership>/", staff.membership_page, name="membership"),
    path("provinsi/keputusan/daftar/", decisions.decisions, name="decisions"),
    path("provinsi/keputusan/", decisions.decision_new, name="decision-new"),
    path("provinsi/gelombang/", waves.wave_new, name="wave-new"),
    path("provinsi/gelombang/<slug:wave>/", waves.wave_page, name="province-wave"),
    path("provinsi/gelombang/<slug:wave>/ubah/", waves.wave_edit, name="wave-edit"),
    path("provinsi/gelombang/<slug:wave>/perpanjang/", waves.wave_extend, name="wave-extend"),
    path("provinsi/gelombang/<slug:wave>/langkah/", waves.wave_step, name="wave-step"),
]
