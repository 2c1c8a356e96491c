-- name: insert
INSERT INTO log_group (account, region, name, created_at, class, kms_key, protected, tags)
VALUES (:account, :region, :name, :created_at, :class, :kms_key, :protected, :tags)

-- name: get
SELECT * FROM log_group WHERE account = :account AND region = :region AND name = :name

-- name: list
SELECT *, (SELECT count(*) FROM log_filter WHERE log_group = log_group.id AND kind = 'metric') AS metric_filters
FROM log_group
WHERE account = :account AND region = :region AND name > :after
    AND name >= :prefix AND name < :prefix || char(1114111)
    AND (:pattern = '' OR instr(lower(name), lower(:pattern)) > 0)
    AND (:class IS NULL OR class = :class)
    AND (:names IS NULL OR name IN (SELECT value FROM json_each(:names)))
ORDER BY name LIMIT :limit

-- name: set_retention
UPDATE log_group SET retention_days = :days WHERE id = :id

-- name: set_tags
UPDATE log_group SET tags = :tags WHERE id = :id

-- name: set_protected
UPDATE log_group SET protected = :protected WHERE id = :id

-- name: delete
DELETE FROM log_group WHERE id = :id

-- name: mark_deleted
INSERT INTO deleted_log_group (id) VALUES (:id)

-- name: retained
SELECT id, retention_days FROM log_group WHERE retention_days IS NOT NULL
