"""For development: a line that somebody was to be told, masked."""

import sys

from records.gateways.base import Letter


class Console:
    name = "console"
    is_free = True

    def send(self, letter: Letter) -> str:
        """Says the last two characters of the address and the length of the text; logs are no place for more."""
        sys.stderr.write(f"message {letter.reference} to ***{letter.address[-2:]}: {len(letter.body)} characters\n")
        return ""
