-- Event source mappings. They outlive their function, so nothing here refers to it.

CREATE TABLE event_source_mapping (
    account       TEXT    NOT NULL,
    region        TEXT    NOT NULL,
    uuid          TEXT    NOT NULL,
    source        TEXT    NOT NULL, -- ingle.model.eventsources.SourceType
    function_arn  TEXT    NOT NULL, -- as the caller qualified it
    enabled       INTEGER NOT NULL, -- what the caller wants
    state         TEXT    NOT NULL,
    last_modified REAL    NOT NULL, -- seconds since the epoch
    settings      TEXT    NOT NULL, -- JSON, AWS's other members
    tags          TEXT    NOT NULL DEFAULT '{}', -- JSON object
    PRIMARY KEY (account, region, uuid)
) STRICT, WITHOUT ROWID;

CREATE INDEX event_source_mapping_function ON event_source_mapping (account, region, function_arn);

-- What is on its way to another state: nearly always empty.
CREATE INDEX event_source_mapping_unsettled ON event_source_mapping (state)
    WHERE state NOT IN ('Enabled', 'Disabled');
