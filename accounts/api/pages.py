"""Parameters of lists, and the cursor by which a list goes on."""

import base64
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from rest_framework import serializers
from rest_framework.request import Request

LARGEST_PAGE = 500
# RFC 3339, for which Django's own reading is too kind.
_MOMENT = re.compile(r"\d\d\d\d-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class Key(tuple[Any, ...]):
    """Behind which row a page starts: (id), or (updated_at, id) where the list is of changes."""

    @property
    def cursor(self) -> str:
        values = [value.isoformat() if isinstance(value, datetime) else str(value) for value in self]
        return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


class CursorField(serializers.CharField):
    default_error_messages = {"invalid": "This is no cursor of this list: take it from `next` as it is."}

    def to_internal_value(self, data: Any) -> Key:
        text = super().to_internal_value(data)
        try:
            *moments, pk = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
            key = Key([*(datetime.fromisoformat(moment).astimezone(UTC) for moment in moments), UUID(pk)])
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
            self.fail("invalid")
        if len(key) > 2 or key.cursor != text:
            self.fail("invalid")
        return key


class MomentField(serializers.DateTimeField):
    default_error_messages = {"format": "Write date, time and offset as in 2026-11-24T08:00:00+07:00."}

    def to_internal_value(self, value: Any) -> datetime:
        try:
            moment = parse_datetime(value) if _MOMENT.fullmatch(value) else None
            moment = moment and moment.astimezone(UTC)  # PostgreSQL knows no offset of a day
        except (ValueError, OverflowError):
            moment = None
        if moment is None:
            raise serializers.ValidationError(self.error_messages["format"], "format")
        return moment


class NumberField(serializers.IntegerField):
    """Digits of ASCII only."""

    def to_internal_value(self, data: Any) -> int:
        if not (data.isascii() and data.isdigit()):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class NamesField(serializers.CharField):
    """Names with commas between them."""

    default_error_messages = {"unknown": "There is no {name}. Known: {known}."}
    known: tuple[str, ...] = ()

    def to_internal_value(self, data: Any) -> tuple[str, ...]:
        names = super().to_internal_value(data).split(",")
        for name in names:
            if name not in self.known:
                self.fail("unknown", name=name[:40], known=", ".join(self.known))
        return tuple(names)


class QuerySerializer(serializers.Serializer[Any]):
    """The parameters of an address. What is not declared is refused: a misspelt filter would otherwise not narrow."""

    default_error_messages = {
        "unknown": "There is no such parameter here.",
        "repeated": "Give this parameter once.",
    }

    @classmethod
    def read(cls, request: Request, **context: Any) -> dict[str, Any]:
        """Raises rest_framework.exceptions.ValidationError, for each parameter that is wrong."""
        given: Mapping[str, list[str]] = dict(request.query_params.lists())
        query = cls(data={name: values[0] for name, values in given.items()}, context=context)
        strange = {
            name[:80]: [serializers.ErrorDetail(query.error_messages[code], code)]
            for name, values in given.items()
            for code, wrong in (("unknown", name not in query.fields), ("repeated", len(values) > 1))
            if wrong
        }
        if strange:
            raise serializers.ValidationError(strange)
        query.is_valid(raise_exception=True)
        return query.validated_data


class FieldsQuery(QuerySerializer):
    fields = NamesField(required=False, help_text="Only these fields of a row, with commas between; `id` always comes.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fields"].known = self.context.get("columns", ())


class BulkQuery(FieldsQuery):
    updated_since = MomentField(required=False, help_text="Only rows that changed at or after this moment.")


class ListQuery(BulkQuery):
    limit = NumberField(min_value=1, max_value=LARGEST_PAGE, default=100, help_text="Rows of a page.")
    cursor = CursorField(required=False, max_length=400, help_text="Where the list goes on: from `next`.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "cursor" in attrs and (len(attrs["cursor"]) == 2) != ("updated_since" in attrs):
            raise serializers.ValidationError(
                {"cursor": [serializers.ErrorDetail("Keep the other parameters as they were.", "invalid")]}
            )
        return attrs
