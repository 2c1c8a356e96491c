"""Layers over each other: compared with what a dictionary of paths does."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingle.store.merge import merge

# A tree: names to a file's text, ("link", target), or another tree.
Tree = dict[str, object]
LEAVES = st.text("xyz", max_size=3) | st.tuples(st.just("link"), st.sampled_from(["a", "../b", "/etc"]))
TREES = st.recursive(
    st.dictionaries(st.sampled_from("abc"), LEAVES, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), LEAVES | inner, max_size=3),
    max_leaves=8,
)


def write(tree: Tree, path: Path) -> Path:
    path.mkdir()
    for name, what in tree.items():
        if isinstance(what, dict):
            write(what, path / name)
        elif isinstance(what, tuple):
            (path / name).symlink_to(what[1])
        else:
            (path / name).write_text(str(what))
    return path


def read(path: Path) -> Tree:
    found: Tree = {}
    for entry in os.scandir(path):
        if entry.is_symlink():
            found[entry.name] = ("link", os.readlink(entry.path))
        elif entry.is_dir():
            found[entry.name] = read(Path(entry.path))
        else:
            found[entry.name] = Path(entry.path).read_text()
    return found


def over(lower: Tree, upper: Tree) -> Tree:
    merged = dict(lower)
    for name, what in upper.items():
        below = merged.get(name)
        both = isinstance(what, dict) and isinstance(below, dict)
        merged[name] = over(below, what) if both else what  # type: ignore[arg-type]
    return merged


@given(st.lists(TREES, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_later_layers_lie_over_earlier_ones_and_change_none_of_them(trees: list[Tree]) -> None:
    root = Path(tempfile.mkdtemp())
    try:
        layers = [write(tree, root / str(number)) for number, tree in enumerate(trees)]
        merge(layers, root / "merged")
        expected: Tree = {}
        for tree in trees:
            expected = over(expected, tree)
        assert read(root / "merged") == expected
        assert [read(layer) for layer in layers] == trees
    finally:
        shutil.rmtree(root)


def test_files_are_not_copied(tmp_path: Path) -> None:
    layer = write({"f": "content"}, tmp_path / "layer")
    merge([layer], tmp_path / "merged")
    assert (tmp_path / "merged" / "f").samefile(layer / "f")


def test_a_file_that_can_have_no_further_name_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.EMLINK, "Too many links")

    layer = write({"f": "content"}, tmp_path / "layer")
    (layer / "f").chmod(0o755)
    monkeypatch.setattr(os, "link", full)
    merge([layer], tmp_path / "merged")
    copy = tmp_path / "merged" / "f"
    assert copy.read_text() == "content"
    assert copy.stat().st_mode & 0o777 == 0o755
    assert not copy.samefile(layer / "f")


def test_a_link_to_elsewhere_is_not_followed(tmp_path: Path) -> None:
    outside = write({"precious": "kept"}, tmp_path / "outside")
    first = write({"lib": ("link", str(outside))}, tmp_path / "first")
    second = write({"lib": {"precious": "overwritten"}}, tmp_path / "second")
    merge([first, second], tmp_path / "merged")
    assert read(outside) == {"precious": "kept"}
    assert read(tmp_path / "merged") == {"lib": {"precious": "overwritten"}}
