#!/usr/bin/env python
"""Django's commands, with the embedded servers when no URL is given."""

import os
import sys

try:
    from django.core.management import execute_from_command_line

    from prakerja.embedded.services import ensure
    from prakerja.embedded.state import EmbeddedError
except ModuleNotFoundError as error:
    sys.exit(f"{error}: run `make env`, then `.venv/bin/python manage.py ...`")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prakerja.settings")
    try:
        services = ensure("dev")
    except EmbeddedError as error:
        sys.exit(str(error))
    with services:
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
