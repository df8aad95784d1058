"""The apostrophe by which spreadsheets know text: in front of what they would otherwise run, or read as a number."""

import re

_RUNS = "[=+\\-@\t\r\n＝＋－＠]"
_NEEDS_MARK = re.compile(f"'*{_RUNS}|'+[0-9]")
_IS_MARKED = re.compile(f"'(?:'*{_RUNS}|'*[0-9])")


def marked(text: str) -> str:
    """The text as a spreadsheet opens it from CSV without running it; `unmarked` gives it back."""
    return f"'{text}" if _NEEDS_MARK.match(text) else text


def unmarked(text: str) -> str:
    return text[1:] if _IS_MARKED.match(text) else text
