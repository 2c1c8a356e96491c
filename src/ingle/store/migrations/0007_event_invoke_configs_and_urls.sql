-- What a function has per qualifier: settings of asynchronous invocation, and URLs. It goes with its function,
-- its version, or its alias.

CREATE TABLE event_invoke_config (
    account   TEXT NOT NULL,
    region    TEXT NOT NULL,
    name      TEXT NOT NULL,
    qualifier TEXT NOT NULL, -- $LATEST, a version, or an alias
    number    INTEGER,       -- of the version, where the qualifier is one; 0 for $LATEST
    alias     TEXT,          -- where it is one
    document  TEXT NOT NULL, -- JSON, ingle.model.eventinvoke.EventInvokeConfig
    PRIMARY KEY (account, region, name, qualifier),
    CHECK ((number IS NULL) <> (alias IS NULL)),
    FOREIGN KEY (account, region, name, number) REFERENCES function_version ON DELETE CASCADE,
    FOREIGN KEY (account, region, name, alias) REFERENCES alias ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE function_url (
    account   TEXT NOT NULL,
    region    TEXT NOT NULL,
    name      TEXT NOT NULL,
    qualifier TEXT NOT NULL, -- an alias, or '' for the function itself
    alias     TEXT,          -- where it is one
    url_id    TEXT NOT NULL UNIQUE,
    document  TEXT NOT NULL, -- JSON, ingle.model.functionurl.FunctionUrl
    PRIMARY KEY (account, region, name, qualifier),
    CHECK (qualifier = coalesce(alias, '')),
    FOREIGN KEY (account, region, name) REFERENCES function ON DELETE CASCADE,
    FOREIGN KEY (account, region, name, alias) REFERENCES alias ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
