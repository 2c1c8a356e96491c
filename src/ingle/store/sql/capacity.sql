-- name: insert
INSERT INTO capacity_provider (account, region, name, tags, document)
VALUES (:account, :region, :name, :tags, :document)
ON CONFLICT DO NOTHING

-- name: get
SELECT document FROM capacity_provider WHERE account = :account AND region = :region AND name = :name

-- name: update
UPDATE capacity_provider SET document = :document
WHERE account = :account AND region = :region AND name = :name

-- name: delete
DELETE FROM capacity_provider WHERE account = :account AND region = :region AND name = :name

-- name: list
SELECT name, document FROM capacity_provider
WHERE account = :account AND region = :region AND name > :after
  AND (:state IS NULL OR json_extract(document, '$.State') = :state)
ORDER BY name LIMIT :limit

-- name: versions
SELECT name, number, state FROM function_version
WHERE json_extract(
    configuration,
    '$.CapacityProviderConfig.LambdaManagedInstancesCapacityProviderConfig.CapacityProviderArn'
) = :arn AND (name, number) > (:after_name, :after_number)
ORDER BY name, number LIMIT :limit
