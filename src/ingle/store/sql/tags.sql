-- name: get_function
SELECT tags FROM function WHERE account = :account AND region = :region AND name = :id

-- name: set_function
UPDATE function SET tags = :tags WHERE account = :account AND region = :region AND name = :id

-- name: renew_function
UPDATE function_version
SET revision_id = :revision_id, configuration = json_set(configuration, '$.RevisionId', :revision_id)
WHERE account = :account AND region = :region AND name = :id AND number = 0

-- name: get_mapping
SELECT tags FROM event_source_mapping WHERE account = :account AND region = :region AND uuid = :id

-- name: set_mapping
UPDATE event_source_mapping SET tags = :tags WHERE account = :account AND region = :region AND uuid = :id

-- name: get_code_signing_config
SELECT tags FROM code_signing_config WHERE account = :account AND region = :region AND id = :id

-- name: set_code_signing_config
UPDATE code_signing_config SET tags = :tags WHERE account = :account AND region = :region AND id = :id

-- name: get_capacity_provider
SELECT tags FROM capacity_provider WHERE account = :account AND region = :region AND name = :id

-- name: set_capacity_provider
UPDATE capacity_provider SET tags = :tags WHERE account = :account AND region = :region AND name = :id
