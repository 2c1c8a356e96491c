-- Layers and their versions.

-- Outlives its versions: numbers are never used again.
CREATE TABLE layer (
    account TEXT    NOT NULL,
    region  TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    last    INTEGER NOT NULL, -- number of the newest version that there ever was
    PRIMARY KEY (account, region, name)
) STRICT, WITHOUT ROWID;

-- A deleted version can be seen no more, but its row stays while a function version has it.
CREATE TABLE layer_version (
    account            TEXT    NOT NULL,
    region             TEXT    NOT NULL,
    name               TEXT    NOT NULL,
    number             INTEGER NOT NULL,
    code_sha256        TEXT    NOT NULL, -- hexadecimal
    code_size          INTEGER NOT NULL, -- bytes of the zip
    document           TEXT    NOT NULL, -- JSON, AWS's LayerVersionsListItem
    policy             TEXT,             -- JSON
    policy_revision_id TEXT,
    deleted_at         REAL,             -- seconds since the epoch
    PRIMARY KEY (account, region, name, number),
    CHECK ((policy IS NULL) = (policy_revision_id IS NULL)),
    FOREIGN KEY (account, region, name) REFERENCES layer ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX layer_version_code ON layer_version (code_sha256);

-- Covers the sum of an account's layers.
CREATE INDEX layer_version_usage ON layer_version (account, region, deleted_at, code_size);

CREATE INDEX layer_version_deleted ON layer_version (deleted_at) WHERE deleted_at IS NOT NULL;

-- Which layers are in use: most versions have none and are not in the index.
CREATE INDEX function_version_layers ON function_version (json_extract(configuration, '$.Layers'))
    WHERE json_extract(configuration, '$.Layers') IS NOT NULL;
