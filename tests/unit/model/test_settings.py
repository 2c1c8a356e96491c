"""Where a setting comes from, and what it may not be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ingle.model.settings import SettingError, Settings, load


def write(directory: Path, text: str) -> Path:
    path = directory / "ingle.toml"
    path.write_text(text)
    return path


def test_flag_before_environment_before_file_before_default(tmp_path: Path) -> None:
    write(tmp_path, "port = 1\nconcurrency = 2\nkeep_alive = 3\n")
    settings, sources = load(
        {"port": 5, "host": None}, {"INGLE_PORT": "4", "INGLE_CONCURRENCY": "6"}, tmp_path
    )
    assert (settings.port, settings.concurrency, settings.keep_alive) == (5, 6, 3.0)
    assert settings.host == Settings().host
    origins = {source.name: source.origin for source in sources}
    assert origins["port"] == "flag"
    assert origins["concurrency"] == "INGLE_CONCURRENCY"
    assert origins["keep_alive"] == str(tmp_path / "ingle.toml")
    assert origins["host"] == "default"
    assert all(source.help for source in sources)


def test_another_file_by_ingle_config_has_to_be_there(tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    with pytest.raises(SettingError, match=r"other\.toml"):
        load({}, {"INGLE_CONFIG": str(path)}, tmp_path)
    path.write_text("port = 7")
    assert load({}, {"INGLE_CONFIG": str(path)}, tmp_path)[0].port == 7


def test_without_a_file_there_are_defaults(tmp_path: Path) -> None:
    assert load({}, {}, tmp_path)[0] == Settings()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("prot = 1", "no such setting: prot"),
        ("port = ", "ingle.toml"),
        ('port = "many"', "port"),
        ("port = 4566.7", "port"),
        ("port = true", "port"),
        ("port = 65536", "port"),
        ("port = -1", "port"),
        ("data_dir = 5", "data_dir"),
        ("keep_alive = nan", "keep_alive"),
        ("keep_alive = -1.0", "keep_alive"),
        ("keep_alive = [1]", "keep_alive"),
        ('isolation = "docker"', "isolation"),
    ],
)
def test_what_a_setting_cannot_be_is_refused_by_name_and_place(tmp_path: Path, text: str, named: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SettingError) as caught:
        load({}, {}, tmp_path)
    assert named in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("value", ["x", "", "1.5", "nan"])
def test_the_environment_is_named_where_it_is_wrong(tmp_path: Path, value: str) -> None:
    with pytest.raises(SettingError, match="INGLE_PORT"):
        load({}, {"INGLE_PORT": value}, tmp_path)


def test_the_data_directory_is_absolute(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings(data_dir="here").directory() == tmp_path / "here"
