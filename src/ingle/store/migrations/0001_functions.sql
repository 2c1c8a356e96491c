-- Functions and their versions. $LATEST is a version like any other.

CREATE TABLE function (
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    name    TEXT NOT NULL,
    tags    TEXT NOT NULL DEFAULT '{}', -- JSON object
    PRIMARY KEY (account, region, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE function_version (
    account            TEXT    NOT NULL,
    region             TEXT    NOT NULL,
    name               TEXT    NOT NULL,
    number             INTEGER NOT NULL, -- 0 is $LATEST, so that it is listed first
    revision_id        TEXT    NOT NULL,
    code_sha256        TEXT    NOT NULL, -- hexadecimal
    code_size          INTEGER NOT NULL, -- bytes of the zip
    state              TEXT    NOT NULL,
    last_update_status TEXT,
    configuration      TEXT    NOT NULL, -- JSON, the complete FunctionConfiguration
    PRIMARY KEY (account, region, name, number),
    FOREIGN KEY (account, region, name) REFERENCES function ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX function_version_code ON function_version (code_sha256);

-- Covers the sum of an account's code, which every creation takes.
CREATE INDEX function_version_usage ON function_version (account, region, number, code_size);

-- What the lifecycle has still to finish: nearly always empty.
CREATE INDEX function_version_unsettled ON function_version (account, region, name, number)
    WHERE state = 'Pending' OR last_update_status = 'InProgress';

-- Outlives its function: version numbers are never used again.
CREATE TABLE version_counter (
    account TEXT    NOT NULL,
    region  TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    last    INTEGER NOT NULL,
    PRIMARY KEY (account, region, name)
) STRICT, WITHOUT ROWID;
