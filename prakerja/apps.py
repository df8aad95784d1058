from django.apps import AppConfig

from prakerja import checks  # noqa: F401 - registers them
from prakerja.celery import app


class PrakerjaConfig(AppConfig):
    name = "prakerja"

    def ready(self) -> None:
        app.set_default()  # for every thread: requests and commands start jobs too, not only the worker
