-- name: insert
INSERT INTO code_signing_config (account, region, id, tags, document)
VALUES (:account, :region, :id, :tags, :document)

-- name: get
SELECT document FROM code_signing_config WHERE account = :account AND region = :region AND id = :id

-- name: update
UPDATE code_signing_config SET document = :document
WHERE account = :account AND region = :region AND id = :id

-- name: delete
DELETE FROM code_signing_config WHERE account = :account AND region = :region AND id = :id

-- name: list
SELECT id, document FROM code_signing_config
WHERE account = :account AND region = :region AND id > :after
ORDER BY id LIMIT :limit

-- name: in_use
SELECT 1 FROM function_code_signing WHERE account = :account AND region = :region AND id = :id LIMIT 1

-- name: assign
INSERT INTO function_code_signing (account, region, name, id) VALUES (:account, :region, :name, :id)
ON CONFLICT (account, region, name) DO UPDATE SET id = excluded.id

-- name: assigned
SELECT id FROM function_code_signing WHERE account = :account AND region = :region AND name = :name

-- name: unassign
DELETE FROM function_code_signing WHERE account = :account AND region = :region AND name = :name

-- name: functions
SELECT name FROM function_code_signing
WHERE account = :account AND region = :region AND id = :id AND name > :after
ORDER BY name LIMIT :limit
