from django.urls import URLPattern, path

from accounts.views import links, security, sign_in

urlpatterns: list[URLPattern] = [
    path("masuk/", sign_in.sign_in, name="sign-in"),
    path("masuk/kode/", sign_in.sign_in_code, name="sign-in-code"),
    path("masuk/langkah-kedua/", sign_in.second_factor, name="second-factor"),
    path("masuk/lupa/", links.forgot, name="forgot"),
    path("masuk/tautan/<str:token>/", links.choose_password, name="choose-password"),
    path("keluar/", sign_in.sign_out, name="sign-out"),
    path("akun/", security.account, name="account"),
    path("akun/faktor/", security.factors, name="factors"),
    path("akun/faktor/<int:factor>/hapus/", security.factor_remove, name="factor-remove"),
    path("akun/kode-pemulihan/", security.recovery_codes, name="recovery-codes"),
    path("akun/sesi/", security.sessions_end, name="sessions-end"),
    path("akun/kata-sandi/", security.change_password, name="change-password"),
    path("akun/konfirmasi/", security.confirm, name="confirm"),
]
