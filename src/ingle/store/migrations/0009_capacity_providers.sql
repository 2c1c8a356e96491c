-- Capacity providers, and which function versions are given to which.

CREATE TABLE capacity_provider (
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    name     TEXT NOT NULL,
    tags     TEXT NOT NULL DEFAULT '{}', -- JSON object
    document TEXT NOT NULL,              -- JSON, AWS's CapacityProvider
    PRIMARY KEY (account, region, name)
) STRICT, WITHOUT ROWID;

-- Nearly every version has none and is not in the index.
CREATE INDEX function_version_capacity_provider ON function_version (
    json_extract(
        configuration,
        '$.CapacityProviderConfig.LambdaManagedInstancesCapacityProviderConfig.CapacityProviderArn'
    ),
    name,
    number
) WHERE json_extract(
    configuration,
    '$.CapacityProviderConfig.LambdaManagedInstancesCapacityProviderConfig.CapacityProviderArn'
) IS NOT NULL;
