"""Every encrypted column there is, found in the models: a room that adds one need not tell anybody."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps

from records.fields import BlindIndexField, EncryptedField


@dataclass(frozen=True)
class EncryptedColumn:
    """`index` is the column of the blind index beside it and the name is its purpose; None where it has none."""

    name: str
    aad: str
    index: str | None


@dataclass(frozen=True)
class EncryptedTable:
    """`most_rows`: how many may be held in memory at once."""

    name: str
    key: str
    columns: tuple[EncryptedColumn, ...]
    most_rows: int


def encrypted_tables() -> Iterator[EncryptedTable]:
    """Tables with encrypted columns, by name."""
    for model in sorted(apps.get_models(), key=lambda model: model._meta.db_table):
        fields = {field.name: field for field in model._meta.local_fields}
        encrypted = {name: field for name, field in fields.items() if isinstance(field, EncryptedField)}
        columns = tuple(
            EncryptedColumn(
                str(field.column),
                field.aad,
                f"{name}_index" if isinstance(fields.get(f"{name}_index"), BlindIndexField) else None,
            )
            for name, field in encrypted.items()
        )
        if columns and not model._meta.proxy:
            most_rows = 20 if any(field.bulky for field in encrypted.values()) else 5000
            yield EncryptedTable(model._meta.db_table, str(model._meta.pk.column), columns, most_rows)
