"""Where this process stands in the cgroup trees, from `/proc/self/mountinfo` and `/proc/self/cgroup`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """mount: where the tree is mounted. own: the directory of the calling process's cgroup in it, or the
    mount itself where its own cgroup cannot be seen from here (in some containers)."""

    mount: str
    own: str


def read_places(mountinfo: str, memberships: str) -> dict[str, Place]:
    """The place per controller name of version 1, and under "" that of version 2."""
    own = _own_paths(memberships)
    places = {}
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields, (fstype, _, options) = left.split(" "), right.split(" ")[:3]
        root, mount = fields[3], fields[4]
        if fstype == "cgroup2":
            places[""] = _place(mount, root, own.get("", "/"))
        elif fstype == "cgroup":
            for controller in options.split(","):
                if controller in own:
                    places[controller] = _place(mount, root, own[controller])
    return places


def _own_paths(memberships: str) -> dict[str, str]:
    paths = {}
    for line in memberships.splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            paths[controller] = path
    return paths


def _place(mount: str, root: str, path: str) -> Place:
    base = "" if root == "/" else root
    inside = path.startswith(base + "/") and "/.." not in path
    tail = path[len(base) :].strip("/") if inside else ""
    return Place(mount, f"{mount}/{tail}" if tail else mount)
