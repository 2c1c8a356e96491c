-- name: exists
SELECT 1 FROM function_version
WHERE account = :account AND region = :region AND name = :name AND number = :number

-- name: put_recursion
INSERT INTO function_recursion (account, region, name, recursive_loop)
VALUES (:account, :region, :name, :recursive_loop)
ON CONFLICT (account, region, name) DO UPDATE SET recursive_loop = excluded.recursive_loop

-- name: get_recursion
SELECT recursive_loop FROM function_recursion
WHERE account = :account AND region = :region AND name = :name

-- name: put_runtime_management
INSERT INTO runtime_management (account, region, name, number, update_runtime_on, runtime_version_arn)
VALUES (:account, :region, :name, :number, :update_runtime_on, :runtime_version_arn)
ON CONFLICT (account, region, name, number) DO UPDATE
SET update_runtime_on = excluded.update_runtime_on, runtime_version_arn = excluded.runtime_version_arn

-- name: get_runtime_management
SELECT update_runtime_on, runtime_version_arn FROM runtime_management
WHERE account = :account AND region = :region AND name = :name AND number = :number
