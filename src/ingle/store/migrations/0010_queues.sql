-- Queues. A queue's messages belong to its backlog; to purge or delete a queue is to abandon the backlog, which
-- takes as long for a million messages as for none. A sweep empties abandoned backlogs little by little.
-- Times are milliseconds since the epoch.

CREATE TABLE backlog (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    messages  INTEGER NOT NULL DEFAULT 0, -- how many, so that nobody counts a million
    abandoned INTEGER NOT NULL DEFAULT 0  -- 1: belongs to no queue any more
) STRICT;

CREATE INDEX backlog_abandoned ON backlog (id) WHERE abandoned = 1;

CREATE TABLE queue (
    account            TEXT    NOT NULL,
    region             TEXT    NOT NULL,
    name               TEXT    NOT NULL,
    backlog            INTEGER NOT NULL REFERENCES backlog,
    fifo               INTEGER NOT NULL,
    by_group           INTEGER NOT NULL, -- whether it was made with the DeduplicationScope messageGroup
    created_at         INTEGER NOT NULL,
    modified_at        INTEGER NOT NULL,
    purged_at          INTEGER,
    attributes         TEXT    NOT NULL, -- JSON object: those that a caller can set
    tags               TEXT    NOT NULL, -- JSON object
    dead_letter_target TEXT,             -- the ARN in the RedrivePolicy
    PRIMARY KEY (account, region, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX queue_dead_letter_target ON queue (dead_letter_target, name) WHERE dead_letter_target IS NOT NULL;

-- Tasks that move messages out of dead-letter queues.
CREATE TABLE move_task (
    id          TEXT    PRIMARY KEY,
    source      TEXT    NOT NULL, -- ARN
    destination TEXT,             -- ARN; null: each message goes back to where it came from
    rate        INTEGER,          -- messages a second
    to_move     INTEGER NOT NULL,
    moved       INTEGER NOT NULL DEFAULT 0,
    status      TEXT    NOT NULL,
    failure     TEXT,
    started_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX move_task_source ON move_task (source, started_at);
CREATE UNIQUE INDEX move_task_active ON move_task (source) WHERE status IN ('RUNNING', 'CANCELLING');
