"""What must be remembered."""

from records.models.jobs import Job
from records.models.log import Event, Read
from records.models.stamped import Stamped

__all__ = ["Event", "Job", "Read", "Stamped"]
