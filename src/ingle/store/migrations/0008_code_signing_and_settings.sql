-- Code signing configurations, the functions that use them, and settings that a function has besides its
-- versions' configurations. All that belongs to a function goes with it.

CREATE TABLE code_signing_config (
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    id       TEXT NOT NULL,
    tags     TEXT NOT NULL DEFAULT '{}', -- JSON object
    document TEXT NOT NULL,              -- JSON, AWS's CodeSigningConfig
    PRIMARY KEY (account, region, id)
) STRICT, WITHOUT ROWID;

-- A configuration cannot go while a function uses it: RESTRICT.
CREATE TABLE function_code_signing (
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    name    TEXT NOT NULL,
    id      TEXT NOT NULL,
    PRIMARY KEY (account, region, name),
    FOREIGN KEY (account, region, name) REFERENCES function ON DELETE CASCADE,
    FOREIGN KEY (account, region, id) REFERENCES code_signing_config ON DELETE RESTRICT
) STRICT, WITHOUT ROWID;

CREATE INDEX function_code_signing_config ON function_code_signing (account, region, id, name);

CREATE TABLE function_recursion (
    account        TEXT NOT NULL,
    region         TEXT NOT NULL,
    name           TEXT NOT NULL,
    recursive_loop TEXT NOT NULL,
    PRIMARY KEY (account, region, name),
    FOREIGN KEY (account, region, name) REFERENCES function ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE runtime_management (
    account             TEXT    NOT NULL,
    region              TEXT    NOT NULL,
    name                TEXT    NOT NULL,
    number              INTEGER NOT NULL, -- of the version, 0 for $LATEST
    update_runtime_on   TEXT    NOT NULL,
    runtime_version_arn TEXT,             -- with 'Manual' only
    PRIMARY KEY (account, region, name, number),
    FOREIGN KEY (account, region, name, number) REFERENCES function_version ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
