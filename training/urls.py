from django.urls import URLPattern, path

from training.views import classes, draws, status, wishes

urlpatterns: list[URLPattern] = [
    path("daftar/kelas/", wishes.wishes, name="wishes"),
    path("status/", status.status, name="status"),
    path("status/buka/", status.open_own_status, name="status-open"),
    path("status/tutup/", status.close_own_status, name="status-close"),
    path("status/jawab/<uuid:placement>/", status.answer, name="answer-offer"),
    path("status/mundur/<uuid:registration>/", status.leave, name="leave"),
    path("status/baris/<uuid:registration>/", status.own_line, name="own-line"),
    path("undian/verify_draw.py", draws.verifier, name="verifier"),
    path("undian/<slug:wave>/", draws.draw, name="draw"),
    path("undian/<slug:wave>/berkas/public.zip", draws.public_pack, name="draw-pack"),
    path("provinsi/undian/<slug:wave>/<int:number>/auditors.zip", draws.auditors_pack, name="draw-auditors-pack"),
    path("provinsi/undian/<slug:wave>/", draws.province_draw, name="province-draw"),
    path("provinsi/undian/<slug:wave>/bekukan/", draws.freeze, name="draw-freeze"),
    path("provinsi/undian/<slug:wave>/dadu/", draws.dice, name="draw-dice"),
    path("provinsi/undian/<slug:wave>/dadu/cocok/", draws.confirm, name="draw-confirm"),
    path("provinsi/undian/<slug:wave>/dadu/hapus/", draws.clear, name="draw-clear"),
    path("provinsi/undian/<slug:wave>/ulangi/", draws.retry, name="draw-retry"),
    path("provinsi/undian/<slug:wave>/umumkan/", draws.publish, name="draw-publish"),
    path("provinsi/undian/<slug:wave>/batalkan/", draws.void, name="draw-void"),
    path("provinsi/undian/<slug:wave>/batalkan/tolak/", draws.keep, name="draw-keep"),
    path("provinsi/kelas/<slug:wave>/", classes.province_classes, name="province-classes"),
    path("provinsi/kelas/<slug:wave>/unduh/", classes.classes_download, name="classes-download"),
    path("provinsi/kelas/<slug:wave>/baru/", classes.class_new, name="class-new"),
    path("provinsi/kelas/<slug:wave>/<uuid:training_class>/", classes.class_edit, name="class-edit"),
]
