-- name: insert_backlog
INSERT INTO backlog DEFAULT VALUES

-- name: abandon_backlog
UPDATE backlog SET abandoned = 1 WHERE id = :backlog

-- name: insert_queue
INSERT INTO queue (
    account, region, name, backlog, fifo, by_group, created_at, modified_at, attributes, tags, dead_letter_target
) VALUES (
    :account, :region, :name, :backlog, :fifo, :by_group, :now, :now, :attributes, :tags, :dead_letter_target
)

-- name: get_queue
SELECT account, region, name, backlog, fifo, by_group, created_at, modified_at, purged_at, attributes, tags
FROM queue WHERE account = :account AND region = :region AND name = :name

-- name: update_queue
UPDATE queue
SET attributes = :attributes, tags = :tags, dead_letter_target = :dead_letter_target, modified_at = :modified_at
WHERE account = :account AND region = :region AND name = :name

-- name: replace_backlog
UPDATE queue SET backlog = :backlog, purged_at = :now
WHERE account = :account AND region = :region AND name = :name

-- name: delete_queue
DELETE FROM queue WHERE account = :account AND region = :region AND name = :name RETURNING backlog

-- name: list_queues
SELECT name FROM queue
WHERE account = :account AND region = :region AND name > :after AND name >= :prefix AND name < :prefix_end
ORDER BY name LIMIT :limit

-- name: list_sources
SELECT account, region, name FROM queue
WHERE dead_letter_target = :target AND name > :after ORDER BY name LIMIT :limit

-- name: insert_task
INSERT INTO move_task (id, source, destination, rate, to_move, status, started_at)
VALUES (:id, :source, :destination, :rate, :to_move, 'RUNNING', :started_at)
ON CONFLICT DO NOTHING

-- name: get_task
SELECT id, source, destination, rate, to_move, moved, status, failure, started_at FROM move_task WHERE id = :id

-- name: list_tasks
SELECT id, source, destination, rate, to_move, moved, status, failure, started_at FROM move_task
WHERE source = :source ORDER BY started_at DESC, id DESC LIMIT :limit

-- name: list_active_tasks
SELECT id, source, destination, rate, to_move, moved, status, failure, started_at FROM move_task
WHERE status IN ('RUNNING', 'CANCELLING')

-- name: progress_task
UPDATE move_task SET moved = moved + :moved, status = :status, failure = :failure
WHERE id = :id AND status IN ('RUNNING', 'CANCELLING')

-- name: cancel_task
UPDATE move_task SET status = 'CANCELLING' WHERE id = :id AND status = 'RUNNING'

-- name: list_keys
SELECT account, region, name FROM queue
WHERE (account, region, name) > (:account, :region, :name) ORDER BY account, region, name LIMIT :limit
