"""What a gateway gets and what it may say."""

from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True)
class Letter:
    """`reference` is the same in every attempt, so that a provider that honours it delivers once."""

    reference: UUID
    address: str = field(repr=False)
    subject: str = field(repr=False)
    body: str = field(repr=False)


class Gateway(Protocol):
    @property
    def name(self) -> str:
        """As it stands in the delivery log: kind and host, never a token."""

    @property
    def is_free(self) -> bool:
        """Whether nothing is paid for what it takes."""

    def send(self, letter: Letter) -> str:
        """The provider's reference. Raises Refused, Unavailable or Uncertain, whose text names no address."""


class NotConfigured(Exception):
    """A setting cannot be used; the text names it and says why."""


class Refused(Exception):
    """The provider takes this letter neither now nor later."""


class Unavailable(Exception):
    """The letter was certainly not taken; another gateway may be tried at once."""


class Uncertain(Exception):
    """The letter went out and the answer did not come back: it may have been taken."""
