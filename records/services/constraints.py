"""Which rule of the database an error names."""

from django.db import Error


def violated(error: Error) -> str:
    """The name of the constraint that refused the statement; "" when it was none."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""
