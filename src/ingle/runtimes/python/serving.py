"""One program's life: INIT, the handler, invocations for ever, the end.

The semantics are AWS's own: `awslambdaric.bootstrap.run` loads the handler, makes contexts and error objects
and keeps the loop; it gets a client and a log sink of ours.
"""

import atexit
import importlib
import json
import os
import sys
import threading
from typing import Any, Callable, Dict, NoReturn, Optional

from awslambdaric import bootstrap
from awslambdaric.lambda_runtime_client import BaseLambdaRuntimeClient
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller

from . import channel as frames
from . import libraries
from .channel import Channel, ChannelClosed
from .client import ChannelLogSink, ChannelRuntimeClient
from .interpreter import settle

_INTERRUPTED = 130


def main(channel_fd: int) -> NoReturn:
    """Serve `channel_fd` until the node closes it (then exit 0 at once) or the function ends the process
    (then with the status that a Python process would have, threads joined and exit handlers run)."""
    channel = Channel(channel_fd)
    _live(channel, lambda: _first_init(channel, channel_fd))


def resume(channel_fd: int, init_fd: int) -> NoReturn:
    """As `main`, in an interpreter that `libraries.start_anew` started: INIT was read before."""
    with os.fdopen(init_fd, "rb") as file:
        payload = file.read()
    _live(Channel(channel_fd), lambda: payload)


def _live(channel: Channel, read_init: Callable[[], bytes]) -> NoReturn:
    os.register_at_fork(after_in_child=channel.disown)
    try:
        _serve(channel, json.loads(read_init()))
    except ChannelClosed:
        os._exit(0)
    except SystemExit as end:
        status = _exit_status(end.code)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = _INTERRUPTED if isinstance(sys.exc_info()[1], KeyboardInterrupt) else 1
    _end(status)


def _first_init(channel: Channel, channel_fd: int) -> bytes:
    kind, payload = channel.receive()
    if kind != frames.INIT:
        raise ChannelClosed("frame type {} where INIT belongs".format(kind))
    environ = json.loads(payload)["environ"]
    if libraries.brought(environ):
        try:
            libraries.start_anew(channel_fd, payload, environ)
        except OSError as error:
            print(
                "Libraries of LD_LIBRARY_PATH are not found by their names: {}".format(error), file=sys.stderr
            )
    return payload


def _serve(channel: Channel, init: Dict[str, Any]) -> NoReturn:
    settle(init["environ"])
    _configure(init, channel)
    bootstrap.run(init["handler"], ChannelRuntimeClient(channel))
    raise AssertionError("awslambdaric's loop has no end")


def _configure(init: Dict[str, Any], channel: Channel) -> None:
    """Do again, now that the environment is known, what AWS's modules did when the zygote imported them."""
    if init.get("log_format", "Text") != "Text":
        os.environ["AWS_LAMBDA_LOG_FORMAT"] = init["log_format"]
    if init.get("log_level"):
        os.environ["AWS_LAMBDA_LOG_LEVEL"] = init["log_level"]
    if "AWS_LAMBDA_LOG_FORMAT" in os.environ or "AWS_LAMBDA_LOG_LEVEL" in os.environ:
        importlib.reload(bootstrap)
    bootstrap.create_log_sink = lambda: ChannelLogSink(channel)
    BaseLambdaRuntimeClient.marshaller = LambdaMarshaller()


def _exit_status(code: Any) -> int:
    """The process status of `sys.exit(code)`, its message printed as the interpreter would."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def _end(status: int) -> NoReturn:
    """End as an interpreter does, without going back into the zygote's code on the stack."""
    shutdown: Optional[Any] = getattr(threading, "_shutdown", None)
    if shutdown is not None:
        shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # the function may have closed or replaced it
            continue
    os._exit(status)
