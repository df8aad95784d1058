from typing import Any

from django.apps import AppConfig
from django.db import connection
from django.db.models.signals import post_migrate
from django.utils import timezone


class RecordsConfig(AppConfig):
    name = "records"

    def ready(self) -> None:
        post_migrate.connect(_load_texts, sender=self)


def _load_texts(**_signal: Any) -> None:
    """The texts that came with this release, once their table is there."""
    from records.services.messages.templates import load_shipped

    if "records_messagetemplate" in connection.introspection.table_names():
        load_shipped(timezone.now())
