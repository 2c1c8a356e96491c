-- name: target_exists
SELECT 1 FROM function
WHERE :alias IS NULL AND account = :account AND region = :region AND name = :name
UNION ALL
SELECT 1 FROM alias WHERE account = :account AND region = :region AND name = :name AND alias = :alias

-- name: insert
INSERT INTO function_url (account, region, name, qualifier, alias, url_id, document)
VALUES (:account, :region, :name, :qualifier, :alias, :url_id, :document)
ON CONFLICT (account, region, name, qualifier) DO NOTHING

-- name: update
UPDATE function_url SET document = :document
WHERE account = :account AND region = :region AND name = :name AND qualifier = :qualifier

-- name: get
SELECT qualifier, document FROM function_url
WHERE account = :account AND region = :region AND name = :name AND qualifier = :qualifier

-- name: delete
DELETE FROM function_url
WHERE account = :account AND region = :region AND name = :name AND qualifier = :qualifier

-- name: list
SELECT qualifier, document FROM function_url
WHERE account = :account AND region = :region AND name = :name AND qualifier >= :after
ORDER BY qualifier LIMIT :limit
