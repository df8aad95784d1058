"""What must be remembered."""

from records.models.imports import Import, ImportChunk, ImportedRow, ImportMapping, ImportRow
from records.models.jobs import Job
from records.models.log import Event, Read
from records.models.messages import Channel, Delivery, Message, MessageTemplate, OptOut, Spending
from records.models.seals import LogLine, Seal
from records.models.stamped import Stamped

__all__ = [
    "Channel",
    "Delivery",
    "Event",
    "Import",
    "ImportChunk",
    "ImportMapping",
    "ImportRow",
    "ImportedRow",
    "Job",
    "LogLine",
    "Message",
    "MessageTemplate",
    "OptOut",
    "Read",
    "Seal",
    "Spending",
    "Stamped",
]
