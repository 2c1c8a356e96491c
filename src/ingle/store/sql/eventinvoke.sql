-- name: qualifier_exists
SELECT 1 FROM function_version
WHERE account = :account AND region = :region AND name = :name AND number = :number
UNION ALL
SELECT 1 FROM alias WHERE account = :account AND region = :region AND name = :name AND alias = :alias

-- name: function_exists
SELECT 1 FROM function WHERE account = :account AND region = :region AND name = :name

-- name: put
INSERT INTO event_invoke_config (account, region, name, qualifier, number, alias, document)
VALUES (:account, :region, :name, :qualifier, :number, :alias, :document)
ON CONFLICT (account, region, name, qualifier) DO UPDATE SET document = excluded.document

-- name: get
SELECT document FROM event_invoke_config
WHERE account = :account AND region = :region AND name = :name AND qualifier = :qualifier

-- name: delete
DELETE FROM event_invoke_config
WHERE account = :account AND region = :region AND name = :name AND qualifier = :qualifier

-- name: list
SELECT qualifier, document FROM event_invoke_config
WHERE account = :account AND region = :region AND name = :name AND qualifier > :after
ORDER BY qualifier LIMIT :limit
