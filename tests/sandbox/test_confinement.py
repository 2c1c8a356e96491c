"""Hostile code tries to get out of a sandbox at level `namespaces`; each test is one promise."""

# ruff: noqa: ASYNC240  nothing else runs on a test's event loop that could be held up
from __future__ import annotations

import ctypes
import os
from pathlib import Path

import pytest
from tests.sandbox.harness import Raised, Stage, alive, children, command

from ingle.sandbox import host

SYSCALL = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def call(*words):
    code = libc.syscall(*[ctypes.c_long(w) if isinstance(w, int) else w for w in words])
    return 0 if code >= 0 else ctypes.get_errno()
"""
EPERM, ENOSYS = 1, 38


async def test_only_what_a_function_needs_is_visible(stage: Stage) -> None:
    puppet = await stage.puppet()
    top = await puppet.run("import os; result = sorted(os.listdir('/'))")
    assert set(top) <= {
        ".empty", "bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "opt", "proc", "root", "sbin",
        "tmp", "usr", "var", "mnt", "home",
    }  # fmt: skip
    assert await puppet.run("import os; result = sorted(os.listdir('/var/task'))") == ["function.py"]
    assert await puppet.run("import os; result = os.listdir('/usr/local')") == []


async def test_host_files_cannot_be_read(stage: Stage) -> None:
    secret = stage.directory / "secret"
    secret.write_text("x")
    puppet = await stage.puppet()
    for path in (str(secret), "/etc/shadow", "/proc/1/root/etc/shadow", "/proc/1/environ", "/proc/1/maps"):
        with pytest.raises(Raised) as refused:
            await puppet.run(f"open({path!r}).read()")
        assert refused.value.name in ("FileNotFoundError", "PermissionError"), path


async def test_relative_paths_and_descriptors_do_not_lead_out(stage: Stage) -> None:
    puppet = await stage.puppet()
    assert await puppet.run("import os; result = os.path.exists('/../' * 20 + 'etc/shadow')") is False
    numbers = await puppet.run(
        "import os; result = [(n, os.readlink('/proc/self/fd/' + n)) for n in os.listdir('/proc/self/fd') "
        "if os.path.exists('/proc/self/fd/' + n)]"
    )
    assert {int(number) for number, _ in numbers} == {0, 1, 2, 3}


async def test_the_command_line_of_process_1_tells_nothing(stage: Stage) -> None:
    puppet = await stage.puppet()
    line = await puppet.run("result = open('/proc/1/cmdline').read().rstrip('\\0')")
    assert line == "/init"


async def test_process_1_can_kill_and_nothing_else(stage: Stage) -> None:
    puppet = await stage.puppet()
    status = await puppet.run("result = dict(l.split(':', 1) for l in open('/proc/1/status'))")
    assert int(status["CapPrm"], 16) == int(status["CapEff"], 16) == 1 << 5
    assert int(status["CapBnd"], 16) == int(status["CapAmb"], 16) == 0
    assert status["NoNewPrivs"].strip() == "1"


async def test_process_1_costs_next_to_nothing(stage: Stage) -> None:
    await stage.puppet()
    inits = [pid for pid in children(stage.host.launcher_pid) if command(pid) == b"/init\0"]
    assert inits
    for pid in inits:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        assert next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) < 64  # KiB


async def test_a_program_does_not_learn_where_ingle_is_installed(stage: Stage) -> None:
    puppet = await stage.puppet()
    stack = await puppet.run("import traceback; result = ''.join(traceback.format_stack())")
    line = await puppet.run("result = open('/proc/self/cmdline').read()")
    package = str(Path(host.__file__).parents[1])
    assert package not in stack
    assert line.rstrip("\0").startswith("python")
    assert package not in line
    assert await puppet.run("import sys; result = sys.argv") == [""]


async def test_host_processes_are_out_of_sight_and_reach(stage: Stage) -> None:
    puppet = await stage.puppet()
    pids = await puppet.run("import os; result = sorted(int(p) for p in os.listdir('/proc') if p.isdigit())")
    assert pids == [1, 2]
    with pytest.raises(Raised, match="PermissionError"):
        await puppet.run("import os; os.kill(1, 9)")
    with pytest.raises(Raised, match="ProcessLookupError"):
        await puppet.run(f"import os; os.kill({os.getpid()}, 9)")


async def test_it_runs_without_privileges(stage: Stage) -> None:
    puppet = await stage.puppet()
    status = await puppet.run("result = dict(l.split(':', 1) for l in open('/proc/self/status'))")
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[kind], 16) == 0, kind
    assert status["NoNewPrivs"].strip() == "1"
    assert status["Seccomp"].strip() == "2"
    uids = {int(uid) for uid in status["Uid"].split()}
    assert uids == {await puppet.run("import pwd; result = pwd.getpwnam('sbx_user1051').pw_uid")}
    assert min(uids) >= 1_900_000_000
    assert await puppet.run("import os; result = os.getgroups()") == []


async def test_sandboxes_have_user_ids_of_their_own(stage: Stage) -> None:
    one, two = await stage.puppet(), await stage.puppet()
    assert await one.run("import os; result = os.getuid()") != await two.run(
        "import os; result = os.getuid()"
    )


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("165, b'x', b'/tmp', b'tmpfs', 0, 0", EPERM),  # mount
        ("101, 0, 0, 0, 0", EPERM),  # ptrace(PTRACE_TRACEME)
        ("272, 0x10000000", EPERM),  # unshare(CLONE_NEWUSER)
        ("308, 0, 0", EPERM),  # setns
        ("435, 0, 0", ENOSYS),  # clone3
        ("56, 0x10000011, 0, 0, 0, 0", EPERM),  # clone(CLONE_NEWUSER)
        ("321, 0, 0, 0", EPERM),  # bpf
        ("298, 0, 0, 0, 0, 0", EPERM),  # perf_event_open
        ("323, 0", EPERM),  # userfaultfd
        ("425, 1, 0", EPERM),  # io_uring_setup
        ("250, 0, 0, 0, 0, 0", EPERM),  # keyctl
        ("304, 0, 0, 0", EPERM),  # open_by_handle_at
        ("310, 1, 0, 0, 0, 0, 0", EPERM),  # process_vm_readv
        ("169, 0, 0, 0, 0", EPERM),  # reboot
        ("9999", ENOSYS),  # unknown
        ("0x40000027", EPERM),  # getpid, x32
    ],
)
async def test_dangerous_system_calls_are_refused(stage: Stage, call: str, error: int) -> None:
    if os.uname().machine != "x86_64":
        pytest.skip("the numbers are x86_64's; the filter of both is tested in tests/unit/sandbox")
    puppet = await stage.puppet()
    assert await puppet.run(f"{SYSCALL}\nresult = call({call})") == error


@pytest.mark.parametrize(
    ("family", "kind", "protocol"),
    [(17, 3, 0), (40, 1, 0), (16, 3, 16), (2, 3, 1), (38, 5, 0)],
    ids=["packet", "vsock", "netlink-generic", "raw-icmp", "alg"],
)
async def test_raw_and_exotic_sockets_are_refused(
    stage: Stage, family: int, kind: int, protocol: int
) -> None:
    puppet = await stage.puppet()
    with pytest.raises(Raised) as refused:
        await puppet.run(f"import socket; socket.socket({family}, {kind}, {protocol})")
    assert refused.value.name in ("PermissionError", "OSError")


async def test_the_root_and_the_code_are_read_only(stage: Stage) -> None:
    puppet = await stage.puppet()
    for path in (
        "/x",
        "/var/task/x",
        "/usr/x",
        "/etc/passwd",
        "/dev/x",
        "/opt/x",
        "/proc/sys/kernel/hostname",
    ):
        with pytest.raises(Raised) as refused:
            await puppet.run(f"open({path!r}, 'w')")
        assert refused.value.name in ("OSError", "PermissionError"), path
    with pytest.raises(Raised):
        await puppet.run("import os; os.remount = os.chmod('/var/task/function.py', 0o777)")


async def test_set_uid_programs_give_nothing(stage: Stage) -> None:
    puppet = await stage.puppet()
    uid = await puppet.run("import os; result = os.getuid()")
    seen = await puppet.run(
        "import subprocess; result = subprocess.run(['/usr/bin/su', '-c', 'id -u'], capture_output=True, "
        "text=True, stdin=subprocess.DEVNULL).stdout"
    )
    assert seen.strip() in ("", str(uid))


async def test_forks_of_one_zygote_do_not_share_randomness(stage: Stage) -> None:
    code = (
        "import random, uuid, secrets; "
        "result = [random.random(), str(uuid.uuid4()), str(uuid.uuid1()), secrets.token_hex(8)]"
    )
    one, two = await stage.puppet(), await stage.puppet()
    for ours, theirs in zip(await one.run(code), await two.run(code), strict=True):
        assert ours != theirs


async def test_a_sandbox_does_not_see_the_tmp_of_another(stage: Stage) -> None:
    one, two = await stage.puppet(), await stage.puppet()
    await one.run(f"open('/tmp/of-{one.sandbox.name}-{os.getpid()}', 'w').write('x')")
    assert await two.run("import os; result = os.listdir('/tmp')") == []
    assert not Path(f"/tmp/of-{one.sandbox.name}-{os.getpid()}").exists()


async def test_shared_memory_is_not_shared_between_sandboxes(stage: Stage) -> None:
    one, two = await stage.puppet(), await stage.puppet()
    get = f"{SYSCALL}\nresult = libc.shmget(0x1234, 4096, %s)"
    assert await one.run(get % "0o1666") >= 0
    assert await two.run(get % "0o666") == -1
    assert ctypes.CDLL(None).shmget(0x1234, 4096, 0o666) == -1


async def test_the_zygote_and_the_launcher_survive_a_hostile_program(stage: Stage) -> None:
    puppet = await stage.puppet()
    puppet.send("import os\ntry: os.kill(-1, 9)\nfinally: os.kill(os.getpid(), 9)")
    assert (await puppet.exit()).signal == 9
    assert alive(stage.host.launcher_pid)
    assert await (await stage.puppet()).run("result = 1") == 1
