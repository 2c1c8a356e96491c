-- name: insert
INSERT INTO event_source_mapping (
    account, region, uuid, source, function_arn, enabled, state, last_modified, settings, tags
) VALUES (
    :account, :region, :uuid, :source, :function_arn, :enabled, :state, :last_modified, :settings, :tags
)

-- name: update
UPDATE event_source_mapping
SET function_arn = :function_arn, enabled = :enabled, state = :state, last_modified = :last_modified,
    settings = :settings
WHERE account = :account AND region = :region AND uuid = :uuid

-- name: delete
DELETE FROM event_source_mapping
WHERE account = :account AND region = :region AND uuid = :uuid AND state = 'Deleting'

-- name: get
SELECT account, region, uuid, source, function_arn, enabled, state, last_modified, settings
FROM event_source_mapping
WHERE account = :account AND region = :region AND uuid = :uuid

-- name: of_function
SELECT account, region, uuid, source, function_arn, enabled, state, last_modified, settings
FROM event_source_mapping
WHERE account = :account AND region = :region AND function_arn = :function_arn

-- name: list
SELECT account, region, uuid, source, function_arn, enabled, state, last_modified, settings
FROM event_source_mapping
WHERE account = :account AND region = :region AND uuid > :after
  AND (:function_arn IS NULL OR function_arn = :function_arn)
  AND (:event_source_arn IS NULL OR json_extract(settings, '$.EventSourceArn') = :event_source_arn)
ORDER BY uuid LIMIT :limit

-- name: list_unsettled
SELECT account, region, uuid, source, function_arn, enabled, state, last_modified, settings
FROM event_source_mapping
WHERE state NOT IN ('Enabled', 'Disabled')
ORDER BY account, region, uuid LIMIT :limit
