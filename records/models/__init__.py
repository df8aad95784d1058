"""What must be remembered."""

from records.models.imports import FormerRow, Import, ImportChunk, ImportMapping, ImportRow
from records.models.jobs import Job
from records.models.log import Event, Read
from records.models.messages import Channel, Delivery, Message, MessageTemplate, OptOut, Spending
from records.models.seals import LogLine, Seal
from records.models.stamped import Stamped

__all__ = [
    "Channel",
    "Delivery",
    "Event",
    "FormerRow",
    "Import",
    "ImportChunk",
    "ImportMapping",
    "ImportRow",
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
