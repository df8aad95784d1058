"""The texts of messages: shipped as data, changed by operators, named placeholders and nothing else in them."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from records.models import MessageTemplate

SHIPPED = Path(__file__).parents[2] / "data" / "message_templates.json"
# Filled in by the renderer for every text, so that no caller passes it.
BUILT_IN = frozenset({"portal"})
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


class UnknownTemplate(Exception):
    """No text of this name for this channel and language."""


class WrongPlaceholders(Exception):
    """Values are missing or surplus, or a text names a placeholder that its template does not have."""


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Any]:
    """What each template is: kind, whether its values are sealed, placeholders with examples, shipped texts."""
    return json.loads(SHIPPED.read_text())  # type: ignore[no-any-return]


def checked(template: str, channel: str, language: str, names: frozenset[str]) -> Mapping[str, Any]:
    """The entry of the catalogue. Raises UnknownTemplate, and WrongPlaceholders unless `names` are exactly its own."""
    entry = catalogue().get(template)
    if entry is None or language not in entry["texts"].get(channel, {}):
        raise UnknownTemplate(f"{template} {channel} {language}")
    if names != entry["placeholders"].keys():
        wrong = sorted(names ^ entry["placeholders"].keys())
        raise WrongPlaceholders(f"{template}: {', '.join(wrong)}")
    return entry  # type: ignore[no-any-return]


def load_shipped(now: datetime) -> int:
    """Make the shipped texts the newest version where they changed and no operator has a version of their own; how many."""
    newest = MessageTemplate.objects.distinct("name", "channel", "language").order_by(
        "name", "channel", "language", "-version"
    )
    standing = {(text.name, text.channel, text.language): text for text in newest}
    fresh = []
    for name, entry in catalogue().items():
        for channel, texts in entry["texts"].items():
            for language, text in texts.items():
                found = standing.get((name, channel, language))
                shipped = (text.get("subject", ""), text["body"])
                if found is None or (found.author_id is None and (found.subject, found.body) != shipped):
                    fresh.append(
                        MessageTemplate(
                            name=name,
                            channel=channel,
                            language=language,
                            version=found.version + 1 if found else 1,
                            subject=shipped[0],
                            body=shipped[1],
                            created_at=now,
                        )
                    )
    MessageTemplate.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)
