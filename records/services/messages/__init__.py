"""Telling people: `queue_message` in the transaction of the cause; a worker sends (records.services.messages.delivery)."""

from records.services.messages.outbox import Recipient, queue_message, queue_messages
from records.services.messages.templates import UnknownTemplate, WrongPlaceholders

__all__ = ["Recipient", "UnknownTemplate", "WrongPlaceholders", "queue_message", "queue_messages"]
