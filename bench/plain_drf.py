"""What the same intake costs as it is generated: a ModelSerializer with its validators; no encryption, event or outbox."""

import os
import uuid

import dj_database_url
import django
from django.conf import settings

if not settings.configured:
    settings.configure(
        DATABASES={"default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=60)},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["rest_framework"],
        ROOT_URLCONF=__name__,
        SECRET_KEY=uuid.uuid4().hex,
        ALLOWED_HOSTS=["localhost"],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.middleware.common.CommonMiddleware",
        ],
        REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": [], "UNAUTHENTICATED_USER": None},
        USE_TZ=True,
    )
    django.setup()

from django.core.wsgi import get_wsgi_application
from django.db import models
from django.urls import path
from rest_framework import generics, serializers


class PlainRegistration(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    idempotency_key = models.UUIDField(unique=True)
    nik = models.CharField(max_length=16, unique=True)
    phone = models.CharField(max_length=15, unique=True)
    kk = models.CharField(max_length=16)
    name = models.CharField(max_length=120)
    address = models.CharField(max_length=200)
    village = models.BigIntegerField()
    born = models.DateField()
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "rest_framework"
        db_table = "bench_plain"

    def __str__(self) -> str:
        return self.name


class PlainSerializer(serializers.ModelSerializer[PlainRegistration]):
    class Meta:
        model = PlainRegistration
        fields = "__all__"


class Intake(generics.CreateAPIView):
    queryset = PlainRegistration.objects.all()
    serializer_class = PlainSerializer


urlpatterns = [path("plain/", Intake.as_view())]
application = get_wsgi_application()
