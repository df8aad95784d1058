"""`python -m prakerja.dukcapil_simulator [--port N | --fd N]` says where it listens, and serves until a signal."""

import argparse
import socket
import sys

from prakerja.dukcapil_simulator.server import serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m prakerja.dukcapil_simulator")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--fd", type=int, help="an inherited socket that listens already")
    arguments = parser.parse_args()
    listening = (
        socket.create_server(("127.0.0.1", arguments.port))
        if arguments.fd is None
        else socket.socket(fileno=arguments.fd)
    )
    sys.stdout.write(f"http://127.0.0.1:{listening.getsockname()[1]}/periksa\n")
    sys.stdout.flush()
    serve(listening)


if __name__ == "__main__":
    main()
