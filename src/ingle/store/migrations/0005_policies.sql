-- Resource-based policies of functions, versions and aliases: each goes with what it is attached to.

CREATE TABLE function_policy (
    account     TEXT NOT NULL,
    region      TEXT NOT NULL,
    name        TEXT NOT NULL,
    qualifier   TEXT NOT NULL, -- the alias or the version's number, whichever of the two below is there, or ''
    alias       TEXT,
    number      INTEGER,
    policy      TEXT NOT NULL, -- JSON
    revision_id TEXT NOT NULL,
    PRIMARY KEY (account, region, name, qualifier),
    CHECK ((qualifier = '') = (alias IS NULL AND number IS NULL)),
    FOREIGN KEY (account, region, name) REFERENCES function ON DELETE CASCADE,
    FOREIGN KEY (account, region, name, alias) REFERENCES alias ON DELETE CASCADE,
    FOREIGN KEY (account, region, name, number) REFERENCES function_version ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
