-- CloudWatch Logs, in a database file of its own. Times are milliseconds since the epoch.

CREATE TABLE log_group (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice: events of deleted groups wait for the sweep
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    retention_days INTEGER,
    class TEXT NOT NULL,
    kms_key TEXT,
    protected INTEGER NOT NULL DEFAULT 0,
    stored_bytes INTEGER NOT NULL DEFAULT 0,
    tags TEXT NOT NULL DEFAULT '{}',
    UNIQUE (account, region, name)
);

CREATE TABLE log_stream (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    log_group INTEGER NOT NULL REFERENCES log_group (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    first_at INTEGER,
    last_at INTEGER,
    ingested_at INTEGER,
    UNIQUE (log_group, name)
);

CREATE INDEX log_stream_by_last_event ON log_stream (log_group, coalesce(last_at, 0), name);

-- Where they are read together, they are stored together: by group and time. `message` is the text as a
-- JSON string, and last, so that who looks only at the rest does not read it.
CREATE TABLE log_event (
    log_group INTEGER NOT NULL,
    at INTEGER NOT NULL,
    id INTEGER NOT NULL,
    stream INTEGER NOT NULL,
    ingested_at INTEGER NOT NULL,
    size INTEGER NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (log_group, at, id)
) WITHOUT ROWID;

CREATE INDEX log_event_by_stream ON log_event (stream, at, id);

-- The next event's id.
CREATE TABLE log_sequence (next INTEGER NOT NULL);

INSERT INTO log_sequence (next) VALUES (1);

-- What is deleted, and whose events are still to be removed.
CREATE TABLE deleted_log_group (id INTEGER PRIMARY KEY);

CREATE TABLE deleted_log_stream (id INTEGER PRIMARY KEY, log_group INTEGER NOT NULL);

-- Metric filters and subscription filters; `document` is what they were put with.
CREATE TABLE log_filter (
    log_group INTEGER NOT NULL REFERENCES log_group (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (log_group, kind, name)
) WITHOUT ROWID;
