"""What every row that may leave by the API carries."""

from django.db import models


class Stamped(models.Model):
    """A row that may leave by the API: public UUID, `updated_at` kept by a trigger, `as_of` by the clock of the act.

    The act's clock is passed in, so a rehearsal reproduces `as_of`; `updated_at` is the database's own.
    """

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)
    as_of = models.DateTimeField()

    class Meta:
        abstract = True
