"""Days off, on top of the country's holidays."""

from django.db import models


class Holiday(models.Model):
    """A day that differs from the published calendar: off though it is not there, or worked though it is."""

    day = models.DateField(primary_key=True)
    name = models.CharField(max_length=80)
    is_off = models.BooleanField(default=True)

    class Meta:
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
