"""Every address of the portal. Rooms name their own; the matrix of tests/prakerja visits all of them."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from prakerja.admin_site import site
from prakerja.audit import views as audit
from prakerja.authenticator_simulator import authenticator_simulator
from prakerja.dukcapil_simulator.page import dukcapil_simulator
from prakerja.health import health, live, metrics, ready
from prakerja.public import conditions, help_page, home
from prakerja.simulator import simulated_messages
from prakerja.style_guide import style_guide

handler400 = "prakerja.operations.errors.bad_request"
handler500 = "prakerja.operations.errors.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/", health, name="health"),
    path("health/live", live, name="health-live"),
    path("health/ready", ready, name="health-ready"),
    path("metrics", metrics, name="metrics"),
    path("", home, name="home"),
    path("admin/", site.urls),
    path("bantuan/", help_page, name="help"),
    path("bantuan/syarat/", conditions, name="conditions"),
    path("gaya/", style_guide, name="style-guide"),
    path("simulator/pesan/", simulated_messages, name="simulated-messages"),
    path("simulator/autentikator/", authenticator_simulator, name="authenticator-simulator"),
    path("simulator/dukcapil/", dukcapil_simulator, name="dukcapil-simulator"),
    path("bahasa/", set_language, name="set_language"),
    path("segel/", audit.seals, name="seals"),
    path("segel/unduh/", audit.seals_text, name="seals-text"),
    path("provinsi/jejak/", audit.trail, name="audit-trail"),
    path("provinsi/jejak/cari/", audit.find, name="audit-find"),
    path("provinsi/jejak/unduh/", audit.export, name="audit-export"),
    path("", include("prakerja.api_urls")),
    path("", include("accounts.urls")),
    path("", include("clusters.urls")),
    path("", include("registrations.urls")),
    path("", include("training.urls")),
    path("", include("mentoring.urls")),
]
