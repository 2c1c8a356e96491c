-- name: next_number
INSERT INTO layer (account, region, name, last) VALUES (:account, :region, :name, 1)
ON CONFLICT DO UPDATE SET last = last + 1
RETURNING last

-- name: insert
INSERT INTO layer_version (account, region, name, number, code_sha256, code_size, document)
VALUES (:account, :region, :name, :number, :code_sha256, :code_size, :document)

-- name: get
SELECT account, region, name, code_sha256, code_size, document FROM layer_version
WHERE account = :account AND region = :region AND name = :name AND number = :number AND deleted_at IS NULL

-- name: delete
UPDATE layer_version SET deleted_at = :now
WHERE account = :account AND region = :region AND name = :name AND number = :number AND deleted_at IS NULL

-- name: list_versions
SELECT account, region, name, code_sha256, code_size, document FROM layer_version
WHERE account = :account AND region = :region AND name = :name AND deleted_at IS NULL
  AND number < :before
  AND (:runtime IS NULL
       OR EXISTS (SELECT 1 FROM json_each(document, '$.CompatibleRuntimes') WHERE value = :runtime))
  AND (:architecture IS NULL
       OR EXISTS (SELECT 1 FROM json_each(document, '$.CompatibleArchitectures') WHERE value = :architecture))
ORDER BY number DESC LIMIT :limit

-- name: list_layers
SELECT account, region, name, code_sha256, code_size, document FROM layer_version
WHERE account = :account AND region = :region AND (name, number) IN (
    SELECT name, max(number) FROM layer_version
    WHERE account = :account AND region = :region AND name > :after AND deleted_at IS NULL
      AND (:runtime IS NULL
           OR EXISTS (SELECT 1 FROM json_each(document, '$.CompatibleRuntimes') WHERE value = :runtime))
      AND (:architecture IS NULL
           OR EXISTS (SELECT 1 FROM json_each(document, '$.CompatibleArchitectures')
                      WHERE value = :architecture))
    GROUP BY name ORDER BY name LIMIT :limit
)
ORDER BY name

-- name: content
SELECT code_sha256 FROM layer_version
WHERE account = :account AND region = :region AND name = :name AND number = :number

-- name: all_content
SELECT DISTINCT code_sha256 FROM layer_version

-- name: combinations
SELECT DISTINCT json_extract(configuration, '$.Layers') FROM function_version
WHERE json_extract(configuration, '$.Layers') IS NOT NULL

-- name: deleted
SELECT account, region, name, number FROM layer_version WHERE deleted_at <= :before

-- name: forget
DELETE FROM layer_version
WHERE account = :account AND region = :region AND name = :name AND number = :number

-- name: get_policy
SELECT policy, policy_revision_id FROM layer_version
WHERE account = :account AND region = :region AND name = :name AND number = :number AND deleted_at IS NULL

-- name: set_policy
UPDATE layer_version SET policy = :policy, policy_revision_id = :revision_id
WHERE account = :account AND region = :region AND name = :name AND number = :number
