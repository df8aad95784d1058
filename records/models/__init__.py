"""What must be remembered."""

from records.models.jobs import Job
from records.models.log import Event, Read
from records.models.messages import Channel, Delivery, Message, MessageTemplate, OptOut, Spending
from records.models.stamped import Stamped

__all__ = [
    "Channel",
    "Delivery",
    "Event",
    "Job",
    "Message",
    "MessageTemplate",
    "OptOut",
    "Read",
    "Spending",
    "Stamped",
]
