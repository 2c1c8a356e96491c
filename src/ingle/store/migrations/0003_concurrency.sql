-- Concurrency that is set: reserved for a function, provisioned for a version or an alias, and the number of
-- environments of versions on instances of one's own.

ALTER TABLE function ADD COLUMN reserved_concurrency INTEGER; -- NULL: shares what nobody reserved

CREATE INDEX function_reserved ON function (account, region, name) WHERE reserved_concurrency IS NOT NULL;

CREATE TABLE provisioned_concurrency (
    account       TEXT    NOT NULL,
    region        TEXT    NOT NULL,
    name          TEXT    NOT NULL, -- of the function
    qualifier     TEXT    NOT NULL, -- the alias or the version's number, whichever of the two below is there
    alias         TEXT,
    number        INTEGER,
    requested     INTEGER NOT NULL,
    allocated     INTEGER NOT NULL,
    available     INTEGER NOT NULL,
    status        TEXT    NOT NULL,
    status_reason TEXT,
    last_modified TEXT    NOT NULL,
    PRIMARY KEY (account, region, name, qualifier),
    CHECK ((alias IS NULL) <> (number IS NULL)),
    FOREIGN KEY (account, region, name, alias) REFERENCES alias ON DELETE CASCADE,
    FOREIGN KEY (account, region, name, number) REFERENCES function_version ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What has still to be allocated: nearly always empty.
CREATE INDEX provisioned_concurrency_unsettled ON provisioned_concurrency (account, region, name)
    WHERE status = 'IN_PROGRESS';

CREATE TABLE function_scaling (
    account TEXT    NOT NULL,
    region  TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    number  INTEGER NOT NULL, -- of the version
    minimum INTEGER,          -- execution environments
    maximum INTEGER,
    PRIMARY KEY (account, region, name, number),
    FOREIGN KEY (account, region, name, number) REFERENCES function_version ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
