"""`python -m prakerja.embedded up | keep | keys`."""

import argparse
import os
import sys
from pathlib import Path

from prakerja.embedded.services import STARTS, keep
from prakerja.embedded.state import EmbeddedError, State, create_keys


def main() -> int | str:
    """Run one command; its exit status, or the one line that says what went wrong."""
    parser = argparse.ArgumentParser(prog="python -m prakerja.embedded")
    commands = parser.add_subparsers(dest="command", required=True)
    up_parser = commands.add_parser("up", help="start the whole portal on this machine")
    up_parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))
    keys_parser = commands.add_parser("keys", help="write a new key file, never over an old one")
    keys_parser.add_argument("path", type=Path)
    keep_parser = commands.add_parser("keep", help="run one server while somebody uses it (started by others)")
    keep_parser.add_argument("name", choices=STARTS)
    keep_parser.add_argument("folder", type=Path)
    keep_parser.add_argument("--throw-away", action="store_true")
    keep_parser.add_argument("--lock", type=int, required=True)
    arguments = parser.parse_args()
    try:
        match arguments.command:
            case "up":
                return 0
            case "keys":
                create_keys(arguments.path)
            case "keep":
                return keep(arguments.name, State(arguments.folder, durable=not arguments.throw_away))
    except FileExistsError:
        return f"{arguments.path} exists already; a key file is never overwritten."
    except EmbeddedError as error:
        return str(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
