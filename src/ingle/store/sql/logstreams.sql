-- name: insert
INSERT INTO log_stream (log_group, name, created_at) VALUES (:log_group, :name, :created_at)

-- name: get
SELECT * FROM log_stream WHERE log_group = :log_group AND name = :name

-- name: by_name
SELECT * FROM log_stream
WHERE log_group = :log_group AND name > :after AND name >= :prefix AND name < :prefix || char(1114111)
ORDER BY name LIMIT :limit

-- name: by_name_descending
SELECT * FROM log_stream
WHERE log_group = :log_group AND (:after = '' OR name < :after)
    AND name >= :prefix AND name < :prefix || char(1114111)
ORDER BY name DESC LIMIT :limit

-- name: by_last_event
SELECT * FROM log_stream
WHERE log_group = :log_group AND (:after = '' OR (coalesce(last_at, 0), name) > (:at, :after))
ORDER BY coalesce(last_at, 0), name LIMIT :limit

-- name: by_last_event_descending
SELECT * FROM log_stream
WHERE log_group = :log_group AND (:after = '' OR (coalesce(last_at, 0), name) < (:at, :after))
ORDER BY coalesce(last_at, 0) DESC, name DESC LIMIT :limit

-- name: missing
SELECT value FROM json_each(:ids) WHERE value NOT IN (SELECT id FROM log_stream)

-- name: named
SELECT id, name FROM log_stream WHERE log_group = :log_group AND name IN (SELECT value FROM json_each(:names))

-- name: prefixed
SELECT id, name FROM log_stream
WHERE log_group = :log_group AND name >= :prefix AND name < :prefix || char(1114111)
ORDER BY last_at DESC LIMIT :limit

-- name: delete
DELETE FROM log_stream WHERE id = :id

-- name: mark_deleted
INSERT INTO deleted_log_stream (id, log_group) VALUES (:id, :log_group)
