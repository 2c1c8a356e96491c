"""`kill -9` at any moment: what was acknowledged is there and whole, and nothing half-made is.

Run as a program, this file is the node that gets killed: it creates and updates functions as fast as it can
and writes a line for each answer that it gave.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import signal
import subprocess
import sys
import uuid
import zipfile
from pathlib import Path

import pytest

from ingle.model.clock import FakeClock, SystemClock
from ingle.model.document import from_document
from ingle.model.function import Code, FunctionConfiguration, FunctionVersion
from ingle.model.names import FunctionKey
from ingle.model.states import State
from ingle.store import CodeStore, Database, Functions

ACCOUNT, REGION, ROOM = "000000000000", "us-east-1", 1 << 40
CLIENTS = 8


def package(name: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", f"name = {name!r}\n" * 500)
        archive.writestr("other/data.txt", name)
    return content.getvalue()


def version(name: str, state: str, code: Code) -> FunctionVersion:
    """The function in state "1" or "2", which its description says: publishing renews revisions."""
    key = FunctionKey(ACCOUNT, REGION, name)
    document = {
        "FunctionName": name,
        "FunctionArn": key.arn,
        "Role": f"arn:aws:iam::{ACCOUNT}:role/r",
        "CodeSize": code.size,
        "CodeSha256": code.base64,
        "LastModified": "2026-01-01T00:00:00.000+0000",
        "Description": state,
        "RevisionId": str(uuid.uuid4()),
        "Timeout": 3,
        "MemorySize": 128,
        "EphemeralStorage": {"Size": 512},
        "Architectures": ["x86_64"],
        "State": "Pending",
    }
    return FunctionVersion(key, from_document(FunctionConfiguration, document))


async def _client(number: int, functions: Functions, code: CodeStore) -> None:
    for count in range(10_000):
        name = f"f-{number}-{count}"
        async with code.keeping(package(name)) as kept:
            first = version(name, "1", kept)
            await functions.create(first, {}, total_code_size=ROOM, publish=True)
        print(name, 1, kept.sha256, flush=True)
        async with code.keeping(package(name + " updated")) as kept:
            latest = await functions.get(first.key)
            assert latest is not None
            revision = latest.configuration.revision_id
            await functions.update(version(name, "2", kept), revision, total_code_size=ROOM)
        print(name, 2, kept.sha256, flush=True)


async def _node(root: Path) -> None:
    database, code = await Database.open(root / "ingle.db"), CodeStore(root / "code", SystemClock())
    await code.prepare()
    functions = Functions(database)
    await asyncio.gather(*(_client(number, functions, code) for number in range(CLIENTS)))


def _killed_after(lines: int, root: Path) -> dict[str, tuple[str, str]]:
    """Run the node until it has given so many answers, kill it, and return the last answer for each name."""
    node = subprocess.Popen([sys.executable, __file__, str(root)], stdout=subprocess.PIPE, text=True)
    assert node.stdout is not None
    try:
        answered = [node.stdout.readline() for _ in range(lines)]
        node.send_signal(signal.SIGKILL)
        answered += node.stdout.read().splitlines()  # answers that were on their way to us
    finally:
        node.kill()
        node.wait(10)
        node.stdout.close()
    whole = [line.split() for line in answered if len(line.split()) == 3]
    assert len(whole) >= lines, "the node ended by itself"
    return {name: (state, sha256) for name, state, sha256 in whole}


@pytest.mark.parametrize("lines", [1, 2, 17, 150])
async def test_every_acknowledged_function_survives_and_nothing_is_half_made(
    lines: int, tmp_path: Path
) -> None:
    acknowledged = _killed_after(lines, tmp_path)
    database, code = await Database.open(tmp_path / "ingle.db"), CodeStore(tmp_path / "code", FakeClock())
    await code.prepare()
    functions = Functions(database)
    for name, (state, sha256) in acknowledged.items():
        found = await functions.get(FunctionKey(ACCOUNT, REGION, name))
        assert found is not None, f"{name} was acknowledged and lost"
        assert found.configuration.description >= state
        if found.configuration.description == state:
            assert found.code_sha256 == sha256
    for sha256 in await functions.referenced_code():
        content = code.zip_path(sha256).read_bytes()
        assert hashlib.sha256(content).hexdigest() == sha256
        directory = await code.ensure_unpacked(sha256)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.namelist():
                assert (directory / entry).read_bytes() == archive.read(entry)
    everything = await functions.page(ACCOUNT, REGION, limit=10_000, all_versions=True)
    names = [v.key.name for v in everything.versions]
    assert all(names.count(name) == 2 for name in set(names)), (
        "a function without its version, or the reverse"
    )
    assert {v.configuration.state for v in everything.versions} == {State.PENDING}
    await code.collect(functions.referenced_code, grace=0)
    assert {p.stem for p in (tmp_path / "code" / "zips").iterdir()} == await functions.referenced_code()
    await code.close()
    await database.close()
    assert list((tmp_path / "code" / "work").iterdir()) == []


if __name__ == "__main__":
    asyncio.run(_node(Path(sys.argv[1])))
