-- name: reserve
UPDATE function SET reserved_concurrency = :reserved
WHERE account = :account AND region = :region AND name = :name

-- name: get_function
SELECT reserved_concurrency FROM function WHERE account = :account AND region = :region AND name = :name

-- name: all_reserved
SELECT account, region, name, reserved_concurrency FROM function WHERE reserved_concurrency IS NOT NULL

-- name: taken
-- What functions of an account have for themselves: what is reserved, else what is provisioned, which is a part
-- of what is reserved where something is.
SELECT coalesce(sum(taken), 0) FROM (
    SELECT reserved_concurrency AS taken FROM function INDEXED BY function_reserved
    WHERE account = :account AND region = :region AND reserved_concurrency IS NOT NULL
    UNION ALL
    SELECT requested FROM provisioned_concurrency
    JOIN function USING (account, region, name)
    WHERE account = :account AND region = :region AND reserved_concurrency IS NULL
)

-- name: provisioned_of_function
SELECT coalesce(sum(requested), 0) FROM provisioned_concurrency
WHERE account = :account AND region = :region AND name = :name

-- name: alias_version
SELECT number FROM alias WHERE account = :account AND region = :region AND name = :name AND alias = :alias

-- name: version_exists
SELECT 1 FROM function_version
WHERE account = :account AND region = :region AND name = :name AND number = :number

-- name: aliases_provisioned
SELECT alias FROM provisioned_concurrency JOIN alias USING (account, region, name, alias)
WHERE account = :account AND region = :region AND name = :name AND alias.number = :number

-- name: put_provisioned
INSERT INTO provisioned_concurrency (
    account, region, name, qualifier, alias, number, requested, allocated, available, status, status_reason,
    last_modified
) VALUES (
    :account, :region, :name, :qualifier, :alias, :number, :requested, 0, 0, 'IN_PROGRESS', NULL, :last_modified
)
ON CONFLICT DO UPDATE
SET requested = excluded.requested, status = 'IN_PROGRESS', status_reason = NULL,
    last_modified = excluded.last_modified

-- name: get_provisioned
SELECT account, region, name, qualifier, requested, allocated, available, status, status_reason, last_modified
FROM provisioned_concurrency
WHERE account = :account AND region = :region AND name = :name AND qualifier = :qualifier

-- name: list_provisioned
SELECT account, region, name, qualifier, requested, allocated, available, status, status_reason, last_modified
FROM provisioned_concurrency
WHERE account = :account AND region = :region AND name = :name AND qualifier > :after
ORDER BY qualifier LIMIT :limit

-- name: delete_provisioned
DELETE FROM provisioned_concurrency
WHERE account = :account AND region = :region AND name = :name AND qualifier = :qualifier

-- name: reallocate
UPDATE provisioned_concurrency SET status = 'IN_PROGRESS'
WHERE account = :account AND region = :region AND name = :name AND qualifier = :qualifier

-- name: settle_provisioned
UPDATE provisioned_concurrency
SET status = 'READY', status_reason = NULL, allocated = requested, available = requested
WHERE status = 'IN_PROGRESS'

-- name: put_scaling
INSERT INTO function_scaling (account, region, name, number, minimum, maximum)
VALUES (:account, :region, :name, :number, :minimum, :maximum)
ON CONFLICT DO UPDATE SET minimum = excluded.minimum, maximum = excluded.maximum

-- name: get_scaling
SELECT minimum, maximum FROM function_scaling
WHERE account = :account AND region = :region AND name = :name AND number = :number
