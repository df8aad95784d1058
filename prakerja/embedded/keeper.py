"""The keeper: a process that runs one server until its last user has ended. `services` starts it."""

import argparse
import fcntl
import signal
import sys
import threading
from pathlib import Path

from prakerja.embedded.servers import start_postgres, start_valkey
from prakerja.embedded.state import EmbeddedError, State, take_lock, write_private

STARTS = {"postgres": start_postgres, "valkey": start_valkey}


def keep(name: str, state: State) -> int:
    """Run a server, its URL in `<name>.url`, while anybody holds `<name>.users`; the exit status of the server."""
    running = STARTS[name](state)
    url = state.folder / f"{name}.url"
    write_private(url, running.url)

    def stop(*_: object) -> None:
        running.process.send_signal(running.stop_signal)

    def stop_after_last_user() -> None:
        take_lock(state.folder / f"{name}.users", fcntl.LOCK_EX)  # new users wait until we have ended
        url.unlink(missing_ok=True)
        stop()

    signal.signal(signal.SIGTERM, stop)
    threading.Thread(target=stop_after_last_user, daemon=True).start()
    status = running.process.wait()
    url.unlink(missing_ok=True)
    return status


def main() -> int | str:
    """Read the command line of `Services.join`; the exit status, or what went wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=STARTS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--throw-away", action="store_true")
    parser.add_argument("--lock", type=int, required=True, help="inherited descriptor of the locked <name>.keeper")
    arguments = parser.parse_args()
    try:
        return keep(arguments.name, State(arguments.folder, durable=not arguments.throw_away))
    except EmbeddedError as error:
        return str(error)


if __name__ == "__main__":
    sys.exit(main())
