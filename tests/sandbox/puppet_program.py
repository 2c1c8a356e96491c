"""A program for sandboxes that does what a test tells it: runs code it is sent, answers with `result`."""

import json
import random
import socket
import struct
import traceback
import uuid


def preload() -> None:
    random.random(), uuid.uuid4()  # states that forks could share


def main(fd: int) -> None:
    with socket.socket(fileno=fd) as sock, sock.makefile("rwb") as channel:
        while True:
            header = channel.read(4)
            if not header:
                return
            code = channel.read(struct.unpack("!I", header)[0]).decode()
            scope: dict[str, object] = {"result": None, "channel": sock}
            try:
                exec(code, scope)
                answer = ["ok", scope["result"]]
            except SystemExit:
                raise
            except BaseException as error:
                answer = [type(error).__name__, str(error), traceback.format_exc()]
            data = json.dumps(answer).encode()
            channel.write(struct.pack("!I", len(data)) + data)
            channel.flush()
