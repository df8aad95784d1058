"""The last net under every log line: what looks like a person's number, an address, a code or a credential is masked.

Lines are written without such things in the first place; this is for the exception text nobody thought of.
"""

import re
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any
from uuid import UUID

MASK = "***"
# Names under which nothing is written at all.
SECRET_NAMES = re.compile(
    r"(^|_)(nik|kk|phone|mobile|email|login|password|passwd|secret|code|kode|otp|pin|token|authorization|cookie|cookies"
    r"|session|sessionid|csrfmiddlewaretoken|address|birth_date|destination)$",
    re.IGNORECASE,
)

_RULES: list[tuple[re.Pattern[str], str]] = [
    # PostgreSQL quotes whole rows here.
    (re.compile(r"(DETAIL|CONTEXT):.*?(?=\n\n|\n(?:HINT|CONTEXT|QUERY):|\Z)", re.DOTALL), rf"\1: {MASK}"),
    (re.compile(r"://[^\s/@]*@"), f"://{MASK}@"),
    (re.compile(r"(/tautan/)[^\s/]+"), rf"\1{MASK}"),  # opens an account, whatever letters it is made of
    (re.compile(r"(?im)\b((?:set-)?cookie|(?:proxy-)?authorization)(['\"]?\s*[:=]).*$"), rf"\1\2 {MASK}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), rf"\1 {MASK}"),
    (re.compile(r"([?&][\w.\[\]-]+=)[^\s&\"'<>]*"), rf"\1{MASK}"),
    (
        re.compile(
            r"(?i)\b(password|passwd|secret|token|csrfmiddlewaretoken|sessionid|api[_-]?key)(['\"]?\s*[:=]\s*)\S+"
        ),
        rf"\1\2{MASK}",
    ),
    # a code after its name, with at most a word or two between
    (
        re.compile(r"(?i)\b(kode|code|otp|pin)\b(\W{1,3}(?:\w+\W{1,3}){0,2}?)(?=[\w-]*\d)[A-Z0-9-]{6,12}\b"),
        rf"\1\2{MASK}",
    ),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), MASK),
]
# UUIDs, digests and the proxy's ids stay: they only name things. A signed value or a long random word opens one and goes.
_WORDS = re.compile(
    r"(?P<id>\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b(?=\d*[a-f])(?:[0-9a-f]{32}|[0-9a-f]{64})\b)"
    r"|(?P<signed>[\w-]+:[\w-]{4,8}:[\w-]{27,})"
    r"|(?P<random>(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{22,}(?![\w-]))"
    r"|(?P<phone>(?<!\d)(?:\+?62|0)[ .-]?8\d(?:[ .-]?\d){6,10}(?!\d))"
    r"|(?P<number>(?<!\d)\d(?:[ .-]?\d){15,}(?!\d))"
)


# Most texts of a line are words and ids, and are seen to be harmless in a microsecond.
_SUSPECT = re.compile(r"[\d@=:?]|[\w-]{22}|bearer|basic|/tautan/", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def redacted(text: str) -> str:
    """`text` with every such thing replaced by ***."""
    if not _SUSPECT.search(text) or _UUID.fullmatch(text):
        return text
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return _WORDS.sub(lambda match: match[0] if match.lastgroup == "id" else MASK, text)


def redact(value: Any) -> Any:
    """The same for what a log line carries: texts, numbers, lists and mappings of them; anything else as its text."""
    if value is None or isinstance(value, bool | float | UUID):
        return value
    if isinstance(value, int):
        return MASK if len(str(abs(value))) >= 10 and redacted(str(value)) != str(value) else value
    if isinstance(value, Mapping):
        return {str(name): _named(str(name), held) for name, held in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(held) for held in value]
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    return redacted(str(value))


def redact_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The structlog processor, last before the line is written."""
    return {name: _named(name, held) for name, held in event.items()}


def _named(name: str, held: Any) -> Any:
    if held is not None and not isinstance(held, bool) and _is_secret(name):
        return MASK
    return redact(held)


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return SECRET_NAMES.search(name) is not None
