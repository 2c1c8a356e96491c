-- name: insert
INSERT INTO alias (
    account, region, name, alias, number, additional_number, additional_weight, description, revision_id
) VALUES (
    :account, :region, :name, :alias, :number, :additional_number, :additional_weight, :description,
    :revision_id
)
ON CONFLICT DO NOTHING

-- name: update
UPDATE alias
SET number = :number, additional_number = :additional_number, additional_weight = :additional_weight,
    description = :description, revision_id = :revision_id
WHERE account = :account AND region = :region AND name = :name AND alias = :alias

-- name: delete
DELETE FROM alias
WHERE account = :account AND region = :region AND name = :name AND alias = :alias

-- name: get
SELECT account, region, name, alias, number, additional_number, additional_weight, description, revision_id
FROM alias
WHERE account = :account AND region = :region AND name = :name AND alias = :alias

-- name: list
SELECT account, region, name, alias, number, additional_number, additional_weight, description, revision_id
FROM alias
WHERE account = :account AND region = :region AND name = :name AND alias > :after
  AND (:number IS NULL OR number = :number)
ORDER BY alias LIMIT :limit

-- name: route
SELECT first.configuration, second.configuration, alias.additional_weight
FROM alias
JOIN function_version AS first USING (account, region, name, number)
LEFT JOIN function_version AS second
    ON second.account = alias.account AND second.region = alias.region AND second.name = alias.name
   AND second.number = alias.additional_number
WHERE alias.account = :account AND alias.region = :region AND alias.name = :name AND alias.alias = :alias

-- name: version_exists
SELECT 1 FROM function_version
WHERE account = :account AND region = :region AND name = :name AND number = :number

-- name: function_exists
SELECT 1 FROM function WHERE account = :account AND region = :region AND name = :name
