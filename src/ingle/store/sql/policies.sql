-- name: get
SELECT policy, revision_id FROM function_policy
WHERE account = :account AND region = :region AND name = :name AND qualifier = :qualifier

-- name: put
INSERT INTO function_policy (account, region, name, qualifier, alias, number, policy, revision_id)
VALUES (:account, :region, :name, :qualifier, :alias, :number, :policy, :revision_id)
ON CONFLICT (account, region, name, qualifier) DO UPDATE
SET policy = excluded.policy, revision_id = excluded.revision_id

-- name: delete
DELETE FROM function_policy
WHERE account = :account AND region = :region AND name = :name AND qualifier = :qualifier

-- name: function
SELECT 1 FROM function WHERE account = :account AND region = :region AND name = :name

-- name: version
SELECT 1 FROM function_version
WHERE account = :account AND region = :region AND name = :name AND number = :number

-- name: alias
SELECT 1 FROM alias WHERE account = :account AND region = :region AND name = :name AND alias = :alias
