"""The process that `fork.py` measures, started as the zygote is (-I -S -B) and as large as it is.

    forking.py PROGRAM

It loads the zygote's program, then answers `[count, pause]` on stdin with the seconds that each fork took.
"""

import gc
import importlib.util
import json
import os
import sys
import time


def _load(path: str) -> None:
    spec = importlib.util.spec_from_file_location("ingle_program", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["ingle_program"] = module
    spec.loader.exec_module(module)
    module.preload()
    gc.collect()
    gc.freeze()


def _fork() -> float:
    started = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return time.perf_counter() - started


def _main() -> None:
    _load(sys.argv[1])
    for line in sys.stdin:
        count, pause = json.loads(line)
        times = []
        for _ in range(count):
            times.append(_fork())
            time.sleep(pause)
        print(json.dumps(times), flush=True)


if __name__ == "__main__":
    _main()
