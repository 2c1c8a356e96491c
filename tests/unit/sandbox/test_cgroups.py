"""What is written to which cgroup file, against a recording twin of the kernel."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.sandbox.recording import RecordingKernel

from ingle.sandbox.api import Limits
from ingle.sandbox.cgroup import v1, v2
from ingle.sandbox.cgroup.place import Place, read_places

LIMITS = Limits(memory_bytes=1 << 27, tmp_bytes=1 << 29, cpu_share=1769, cpu_quota=1.5, processes=1024)
ROOT = "/sys/fs/cgroup"
OWN = f"{ROOT}/system.slice/ingle.service"


def hierarchy(**files: str) -> tuple[v2.Hierarchy, RecordingKernel]:
    kernel = RecordingKernel(
        {
            f"{OWN}/cgroup.procs": f"{os.getpid()}\n{os.getppid()}\n",
            f"{OWN}/cgroup.controllers": "cpu io memory pids",
            f"{ROOT}/cgroup.controllers": "cpu io memory pids",
            **files,
        },
        absent=("ingle-node",),
    )
    return v2.Hierarchy(kernel, Place(ROOT, OWN), "ingle-x"), kernel


def test_v2_moves_the_node_to_a_leaf_before_it_enables_controllers() -> None:
    _, kernel = hierarchy()
    paths = [path for _, path, _ in kernel.log]
    assert paths.index(f"{OWN}/ingle-node/cgroup.procs") < paths.index(f"{OWN}/cgroup.subtree_control")
    assert kernel.written()[f"{OWN}/cgroup.subtree_control"] == "+memory +cpu +pids"
    assert kernel.written()[f"{OWN}/ingle-x/cgroup.subtree_control"] == "+memory +cpu +pids"


def test_v2_leaves_a_cgroup_that_others_live_in_alone() -> None:
    kernel_files = {f"{OWN}/cgroup.procs": "1\n2\n"}
    made, kernel = hierarchy(**kernel_files)
    assert made.directories() == [f"{ROOT}/ingle-x"]
    assert not any(path.startswith(OWN) for _, path, _ in kernel.log)


def test_v2_writes_the_limits_without_swap() -> None:
    made, kernel = hierarchy()
    group = made.group("sandbox-1")
    group.limit(LIMITS)
    base = f"{OWN}/ingle-x/sandbox-1"
    written = {path: text for path, text in kernel.written().items() if path.startswith(base)}
    assert written == {
        f"{base}/memory.max": str(1 << 27),
        f"{base}/memory.swap.max": "0",
        f"{base}/cpu.weight": "177",
        f"{base}/cpu.max": "150000 100000",
        f"{base}/pids.max": "1024",
    }
    assert group.joins() == [f"{base}/cgroup.procs"]
    opened = group.open_held()
    assert kernel.opened[opened["freezer"]] == (f"{base}/cgroup.freeze", os.O_WRONLY)
    assert kernel.opened[opened["peak"]] == (f"{base}/memory.peak", os.O_RDWR)


def test_v2_reads_oom_kills_from_the_events() -> None:
    made, kernel = hierarchy()
    group = made.group("s")
    kernel.files[f"{OWN}/ingle-x/s/memory.events"] = "low 0\nhigh 0\nmax 4\noom 2\noom_kill 3\n"
    assert group.oom_kills() == 3


def test_v2_says_which_controller_is_missing() -> None:
    with pytest.raises(OSError, match="memory"):
        hierarchy(**{f"{OWN}/cgroup.controllers": "cpu pids"})


def test_v2_removes_what_it_made() -> None:
    made, kernel = hierarchy()
    made.group("s").remove()
    made.close()
    assert kernel.directories == {f"{OWN}/ingle-node"}


@given(st.integers(128, 10_240))
def test_v2_weights_are_valid_and_in_proportion(share: int) -> None:
    assert 1 <= v2.weight(share) <= 10_000
    assert abs(v2.weight(share) - share / 10) <= 0.5


def test_v1_writes_the_limits_without_swap() -> None:
    kernel = RecordingKernel()
    places = {name: Place(f"{ROOT}/{name}", f"{ROOT}/{name}") for name in v1.CONTROLLERS}
    made = v1.Hierarchy(kernel, places, "ingle-x")
    made.group("s").limit(LIMITS)
    assert kernel.written() == {
        f"{ROOT}/memory/ingle-x/s/memory.limit_in_bytes": str(1 << 27),
        f"{ROOT}/memory/ingle-x/s/memory.memsw.limit_in_bytes": str(1 << 27),
        f"{ROOT}/cpu/ingle-x/s/cpu.shares": "1769",
        f"{ROOT}/cpu/ingle-x/s/cpu.cfs_quota_us": "150000",
        f"{ROOT}/pids/ingle-x/s/pids.max": "1024",
    }


def test_v1_without_swap_accounting_does_not_swap_either() -> None:
    kernel = RecordingKernel(absent=("memory.memsw.limit_in_bytes",))
    places = {name: Place(f"{ROOT}/{name}", f"{ROOT}/{name}") for name in v1.CONTROLLERS}
    v1.Hierarchy(kernel, places, "ingle-x").group("s").limit(LIMITS)
    assert kernel.written()[f"{ROOT}/memory/ingle-x/s/memory.swappiness"] == "0"


def test_v1_controllers_on_one_tree_are_made_once() -> None:
    kernel = RecordingKernel()
    places = {name: Place(f"{ROOT}/{name}", f"{ROOT}/all") for name in v1.CONTROLLERS}
    made = v1.Hierarchy(kernel, places, "ingle-x")
    group = made.group("s")
    assert group.joins() == [f"{ROOT}/all/ingle-x/s/tasks"]
    group.remove()
    made.close()
    assert not kernel.directories


MOUNTINFO = """\
31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:5 - cgroup cgroup rw,memory
32 31 0:29 /docker/abc /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate
"""


def test_places_follow_mount_roots_and_memberships() -> None:
    places = read_places(MOUNTINFO, "4:memory:/a:b/c\n1:cpu,cpuacct:/docker/abc/x\n0::/user\n")
    assert places["memory"] == Place("/sys/fs/cgroup/memory", "/sys/fs/cgroup/memory/a:b/c")
    assert places["cpu"] == Place("/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct/x")
    assert places[""].own == "/sys/fs/cgroup/unified/user"


def test_a_cgroup_out_of_sight_gives_the_mount_itself() -> None:
    places = read_places(MOUNTINFO, "4:memory:/../..\n1:cpu,cpuacct:/elsewhere\n0::/\n")
    assert places["memory"].own == places["memory"].mount
    assert places["cpu"].own == places["cpu"].mount
