-- name: put
INSERT INTO log_filter (log_group, kind, name, created_at, document)
VALUES (:log_group, :kind, :name, :created_at, :document)
ON CONFLICT (log_group, kind, name) DO UPDATE SET document = excluded.document

-- name: count
SELECT count(*) FROM log_filter WHERE log_group = :log_group AND kind = :kind AND name != :name

-- name: of_group
SELECT name, created_at, document FROM log_filter
WHERE log_group = :log_group AND kind = :kind AND name > :after
    AND name >= :prefix AND name < :prefix || char(1114111)
ORDER BY name LIMIT :limit

-- name: of_region
SELECT log_group.name AS group_name, log_filter.name, log_filter.created_at, log_filter.document
FROM log_filter JOIN log_group ON log_group.id = log_filter.log_group
WHERE log_group.account = :account AND log_group.region = :region AND log_filter.kind = :kind
    AND (log_group.name, log_filter.name) > (:after_group, :after)
    AND log_filter.name >= :prefix AND log_filter.name < :prefix || char(1114111)
ORDER BY log_group.name, log_filter.name LIMIT :limit

-- name: delete
DELETE FROM log_filter WHERE log_group = :log_group AND kind = :kind AND name = :name
