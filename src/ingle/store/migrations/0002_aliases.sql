-- Aliases, and what tells whether $LATEST was changed since it was published.

-- Of a published version: `ingle.model.function.content` of $LATEST when it was published.
ALTER TABLE function_version ADD COLUMN origin TEXT;

-- A version that an alias names cannot go but with the whole function: the references have no action of
-- their own, and are checked when the function's deletion has taken the aliases too.
CREATE TABLE alias (
    account           TEXT    NOT NULL,
    region            TEXT    NOT NULL,
    name              TEXT    NOT NULL, -- of the function
    alias             TEXT    NOT NULL,
    number            INTEGER NOT NULL, -- of the version, 0 for $LATEST
    additional_number INTEGER,          -- of the second version, where invocations are shared
    additional_weight REAL,             -- the second version's share, 0 to 1
    description       TEXT    NOT NULL,
    revision_id       TEXT    NOT NULL,
    PRIMARY KEY (account, region, name, alias),
    CHECK ((additional_number IS NULL) = (additional_weight IS NULL)),
    FOREIGN KEY (account, region, name) REFERENCES function ON DELETE CASCADE,
    FOREIGN KEY (account, region, name, number) REFERENCES function_version,
    FOREIGN KEY (account, region, name, additional_number) REFERENCES function_version
) STRICT, WITHOUT ROWID;

CREATE INDEX alias_version ON alias (account, region, name, number, alias);

CREATE INDEX alias_additional_version ON alias (account, region, name, additional_number)
    WHERE additional_number IS NOT NULL;
