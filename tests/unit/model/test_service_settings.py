"""Settings that are lists or switches: from flags, from the environment, from the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ingle.model.settings import SettingError, Settings, load


def _load(flags: dict[str, Any], environ: dict[str, str], file: str, directory: Path) -> Settings:
    (directory / "ingle.toml").write_text(file)
    return load(flags, environ, directory)[0]


@pytest.mark.parametrize(
    ("flags", "environ", "file"),
    [
        ({"service": ("s3=http://h:1", "sqs=https://h/p")}, {}, ""),
        ({"service": None}, {"INGLE_SERVICE": "s3=http://h:1 sqs=https://h/p"}, ""),
        ({}, {}, 'service = ["s3=http://h:1", "sqs=https://h/p"]'),
    ],
)
def test_endpoints_of_the_users(
    flags: dict[str, Any], environ: dict[str, str], file: str, tmp_path: Path
) -> None:
    settings = _load(flags, environ, file, tmp_path)
    assert settings.remotes() == {"s3": "http://h:1", "sqs": "https://h/p"}


@pytest.mark.parametrize("value", ["s3", "s3=h", "s3=ftp://h", "=http://h", "lambda=http://h", "S3=http://h"])
def test_what_is_no_endpoint_is_refused_by_name(value: str, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="service"):
        _load({"service": (value,)}, {}, "", tmp_path)


@pytest.mark.parametrize(
    ("environ", "file", "expected"),
    [
        ({}, "", False),
        ({"INGLE_EPHEMERAL": "1"}, "", True),
        ({"INGLE_EPHEMERAL": "false"}, "ephemeral = true", False),
        ({}, "ephemeral = true", True),
    ],
)
def test_a_switch(environ: dict[str, str], file: str, expected: bool, tmp_path: Path) -> None:
    assert _load({}, environ, file, tmp_path).ephemeral is expected


@pytest.mark.parametrize("environ", [{"INGLE_EPHEMERAL": ""}, {"INGLE_EPHEMERAL": "maybe"}])
def test_a_switch_is_on_or_off(environ: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="ephemeral"):
        _load({}, environ, "", tmp_path)
