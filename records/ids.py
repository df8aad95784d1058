"""Identifiers made in Python, before any row exists."""

import os
import time
import uuid


def uuid7() -> uuid.UUID:
    """A time-ordered UUID (RFC 9562, version 7): 48 bits of milliseconds, then random.

    Being known before the insert it can bind a ciphertext to its row, and being ordered it keeps indexes compact.
    """
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 7 << 76
    return uuid.UUID(int=value & ~(0x3 << 62) | 2 << 62)


def uuid7_texts(count: int) -> list[str]:
    """As many new ones as text, in order: the 12 bits behind the milliseconds count on (method 1 of RFC 9562). At most 4,096."""
    if count > 1 << 12:
        raise ValueError(count)
    moment = f"{time.time_ns() // 1_000_000:012x}"
    head, rest = f"{moment[:8]}-{moment[8:]}-7", os.urandom(8 * count).hex()
    return [
        f"{head}{number:03x}-{'89ab'[int(rest[at], 16) & 3]}{rest[at + 1 : at + 4]}-{rest[at + 4 : at + 16]}"
        for number, at in enumerate(range(0, 16 * count, 16))
    ]
