-- name: insert_function
INSERT INTO function (account, region, name, tags) VALUES (:account, :region, :name, :tags)
ON CONFLICT DO NOTHING

-- name: delete_function
DELETE FROM function WHERE account = :account AND region = :region AND name = :name

-- name: get_tags
SELECT tags FROM function WHERE account = :account AND region = :region AND name = :name

-- name: get_reserved_concurrency
SELECT reserved_concurrency FROM function WHERE account = :account AND region = :region AND name = :name

-- name: insert_version
INSERT INTO function_version (
    account, region, name, number, revision_id, code_sha256, code_size, state, last_update_status, configuration,
    origin
) VALUES (
    :account, :region, :name, :number, :revision_id, :code_sha256, :code_size, :state, :last_update_status,
    :configuration, :origin
)

-- name: update_version
UPDATE function_version
SET revision_id = :revision_id, code_sha256 = :code_sha256, code_size = :code_size, state = :state,
    last_update_status = :last_update_status, configuration = :configuration
WHERE account = :account AND region = :region AND name = :name AND number = :number
  AND revision_id = :expected_revision_id

-- name: delete_version
DELETE FROM function_version
WHERE account = :account AND region = :region AND name = :name AND number = :number

-- name: get_version
SELECT account, region, name, configuration FROM function_version
WHERE account = :account AND region = :region AND name = :name AND number = :number

-- name: get_version_of_alias
SELECT account, region, name, configuration FROM alias JOIN function_version USING (account, region, name, number)
WHERE account = :account AND region = :region AND name = :name AND alias = :alias

-- name: aliases_of_version
SELECT alias FROM alias
WHERE account = :account AND region = :region AND name = :name AND :number IN (number, additional_number)
ORDER BY alias

-- name: list_latest
SELECT account, region, name, number, configuration FROM function_version
WHERE account = :account AND region = :region AND number = 0 AND name > :after_name
ORDER BY name LIMIT :limit

-- name: list_all_versions
SELECT account, region, name, number, configuration FROM function_version
WHERE account = :account AND region = :region AND (name, number) > (:after_name, :after_number)
ORDER BY name, number LIMIT :limit

-- name: list_versions
SELECT account, region, name, number, configuration FROM function_version
WHERE account = :account AND region = :region AND name = :name AND number > :after_number
ORDER BY number LIMIT :limit

-- name: list_unsettled
SELECT account, region, name, configuration FROM function_version
WHERE state = 'Pending' OR last_update_status = 'InProgress'
ORDER BY account, region, name, number LIMIT :limit

-- name: newest_published
SELECT account, region, name, configuration, origin FROM function_version
WHERE account = :account AND region = :region AND name = :name AND number > 0
ORDER BY number DESC LIMIT 1

-- name: next_number
INSERT INTO version_counter (account, region, name, last) VALUES (:account, :region, :name, 1)
ON CONFLICT DO UPDATE SET last = last + 1
RETURNING last

-- name: usage
SELECT count(*) FILTER (WHERE number = 0), coalesce(sum(code_size), 0) FROM function_version
WHERE account = :account AND region = :region

-- name: usage_of_layers
SELECT coalesce(sum(code_size), 0) FROM layer_version
WHERE account = :account AND region = :region AND deleted_at IS NULL

-- name: referenced_code
SELECT DISTINCT code_sha256 FROM function_version
