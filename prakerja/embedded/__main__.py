"""`python -m prakerja.embedded up | keys PATH`."""

import argparse
import os
import sys
from pathlib import Path

try:
    from prakerja.embedded.launcher import up
    from prakerja.embedded.state import EmbeddedError, create_keys
except ModuleNotFoundError as error:
    sys.exit(f"{error}: run `make env`, then use .venv/bin/python")


def main() -> int | str:
    """Run one command; its exit status, or the line that says what went wrong."""
    parser = argparse.ArgumentParser(prog="python -m prakerja.embedded")
    commands = parser.add_subparsers(dest="command", required=True)
    up_parser = commands.add_parser("up", help="start the whole portal on this machine")
    up_parser.add_argument("--port", type=int, default=os.environ.get("PORT") or "8000")
    keys_parser = commands.add_parser("keys", help="write a new key file, never over an old one")
    keys_parser.add_argument("path", type=Path)
    arguments = parser.parse_args()
    try:
        if arguments.command == "up":
            up(arguments.port)
        else:
            create_keys(arguments.path)
    except EmbeddedError as error:
        return str(error)
    except FileExistsError:
        return f"{arguments.path} exists already; a key file is never overwritten."
    return 0


if __name__ == "__main__":
    sys.exit(main())
