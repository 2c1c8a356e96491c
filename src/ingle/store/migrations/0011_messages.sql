-- Messages of queues. Every index begins with the backlog, so that no queue is slower for another's depth.
-- Times are milliseconds since the epoch.

CREATE TABLE message (
    id                INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of sending; never used again
    backlog           INTEGER NOT NULL,
    visible_at        INTEGER NOT NULL,
    receives          INTEGER NOT NULL,
    sent_at           INTEGER NOT NULL,
    received_at       INTEGER,
    first_received_at INTEGER,
    message_id        TEXT    NOT NULL, -- UUID
    message_group     TEXT,             -- of FIFO queues only: it locks
    source            TEXT              -- ARN of the queue that this one was a dead letter of
) STRICT;

-- Who is next, and (with `receives`) how many are delayed or in flight.
CREATE INDEX message_visibility ON message (backlog, visible_at, id, receives);
CREATE INDEX message_order ON message (backlog, message_group, id) WHERE message_group IS NOT NULL;
CREATE INDEX message_age ON message (backlog, sent_at);

-- Apart from the above, because a receive rewrites the row it counts, and a body has up to a mebibyte.
CREATE TABLE message_content (
    id         INTEGER PRIMARY KEY,
    body       TEXT NOT NULL,
    attributes TEXT NOT NULL -- JSON: user attributes and the system attributes that came with the message
) STRICT;

-- The message groups of FIFO queues that have messages. What counts is the first of them: a group's messages
-- are delivered from its head on, up to the first that is not visible.
CREATE TABLE message_group (
    backlog    INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    head       INTEGER NOT NULL,
    visible_at INTEGER NOT NULL, -- the head's
    PRIMARY KEY (backlog, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX message_group_visibility ON message_group (backlog, visible_at, head);

-- What was sent to FIFO queues in the last minutes, deleted since or not.
CREATE TABLE deduplication (
    backlog    INTEGER NOT NULL,
    scope      TEXT    NOT NULL, -- the message group, or nothing where the whole queue is the scope
    token      TEXT    NOT NULL, -- MessageDeduplicationId
    sent_at    INTEGER NOT NULL,
    id         INTEGER NOT NULL,
    message_id TEXT    NOT NULL,
    PRIMARY KEY (backlog, scope, token)
) STRICT, WITHOUT ROWID;

CREATE INDEX deduplication_age ON deduplication (sent_at);
