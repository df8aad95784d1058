from django.urls import URLPattern, path

from accounts import views

urlpatterns: list[URLPattern] = [
    path("masuk/", views.sign_in, name="sign-in"),
    path("akun/faktor/", views.factors, name="factors"),
    path("keluar/", views.sign_out, name="sign-out"),
]
