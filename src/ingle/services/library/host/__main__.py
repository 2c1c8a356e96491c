"""`python -m ingle.services.library.host`: state in, serve until standard input closes, state out."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading
from pathlib import Path

from ingle.services.library.host import functions, queues
from ingle.services.library.host.dispatch import Dispatcher
from ingle.services.library.host.ingle import Ingle
from ingle.services.library.host.keeper import Keeper
from ingle.services.library.host.server import Server


def main() -> None:
    parser = argparse.ArgumentParser(prog="ingle-library")
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--account", required=True)
    parser.add_argument("--snapshot", type=Path)
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    answers = os.dup(1)
    os.dup2(2, 1)  # moto prints; the node reads one line from us, and nothing else

    lock = threading.Lock()
    ingle = Ingle(options.endpoint)
    functions.install(ingle)
    queues.install(ingle)
    keeper = Keeper(options.snapshot, lock)
    keeper.load()
    dispatcher = Dispatcher(options.account, lock, keeper.changed)
    server = Server(options.socket, dispatcher)
    ingle.start()
    keeper.start()
    threading.Thread(target=server.serve_forever, name="server", daemon=True).start()
    os.write(answers, b"ready\n")
    os.close(answers)

    sys.stdin.buffer.read()  # until the node closes it, or is no more
    server.shutdown()
    keeper.close()
    # Threads that still call somebody are of no use to anybody any more, and none may keep this process.
    os._exit(0)


if __name__ == "__main__":
    main()
