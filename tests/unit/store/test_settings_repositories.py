"""Code signing configurations, capacity providers and settings outlive the process that wrote them."""

from __future__ import annotations

from pathlib import Path

from ingle.model import capacity, codesigning
from ingle.model.capacity import CapacityProvider, PermissionsConfig, ProviderVpcConfig
from ingle.model.codesigning import AllowedPublishers, CodeSigningConfig
from ingle.model.names import FunctionKey
from ingle.store.capacity import CapacityProviders
from ingle.store.codesigning import CodeSigningConfigs
from ingle.store.database import Connection, Database
from ingle.store.functionsettings import FunctionSettings, RuntimeManagement

ACCOUNT, REGION = "000000000000", "us-east-1"
KEY = FunctionKey(ACCOUNT, REGION, "f")
IDENTIFIER = codesigning.new_id()
CONFIG = CodeSigningConfig(
    code_signing_config_id=IDENTIFIER,
    code_signing_config_arn=codesigning.arn_of(ACCOUNT, REGION, IDENTIFIER),
    allowed_publishers=AllowedPublishers(("arn:aws:signer:...",)),
    last_modified="2026-01-01T00:00:00.000+0000",
)
PROVIDER = CapacityProvider(
    capacity_provider_arn=capacity.arn_of(ACCOUNT, REGION, "p"),
    state="Active",
    vpc_config=ProviderVpcConfig(("subnet-1",), ("sg-1",)),
    permissions_config=PermissionsConfig("arn:aws:iam::000000000000:role/o"),
    last_modified="2026-01-01T00:00:00.000+0000",
)


def insert_function(connection: Connection) -> None:
    connection.execute("INSERT INTO function (account, region, name) VALUES (?, ?, ?)", KEY)
    connection.execute(
        "INSERT INTO function_version (account, region, name, number, revision_id, code_sha256, code_size, "
        "state, configuration) VALUES (?, ?, ?, 0, 'r', '', 0, 'Active', '{}')",
        KEY,
    )


async def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "ingle.db")
    await database.write(insert_function)
    await CodeSigningConfigs(database).create(ACCOUNT, REGION, CONFIG, {})
    await CodeSigningConfigs(database).assign(KEY, CONFIG.code_signing_config_arn)
    await CapacityProviders(database).create(ACCOUNT, REGION, PROVIDER, {})
    assert await FunctionSettings(database).put_recursion(KEY, "Allow")
    pinned = RuntimeManagement("Manual", "arn:aws:lambda:us-east-1::runtime:0")
    assert await FunctionSettings(database).put_runtime_management(KEY, "$LATEST", pinned)
    await database.close()

    database = await Database.open(tmp_path / "ingle.db")
    configs = CodeSigningConfigs(database)
    assert await configs.get(ACCOUNT, REGION, CONFIG.code_signing_config_arn) == CONFIG
    assert await configs.assigned(KEY) == CONFIG.code_signing_config_arn
    assert await CapacityProviders(database).get(ACCOUNT, REGION, "p") == PROVIDER
    assert await FunctionSettings(database).recursion(KEY) == "Allow"
    assert await FunctionSettings(database).runtime_management(KEY, "$LATEST") == pinned
    await database.close()


async def test_settings_of_what_is_not_there_are_not_kept(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "ingle.db")
    settings = FunctionSettings(database)
    assert not await settings.put_recursion(KEY, "Allow")
    await database.write(insert_function)
    assert await settings.recursion(KEY) == "Terminate"
    assert not await settings.put_runtime_management(KEY, "1", RuntimeManagement())
    await database.close()
