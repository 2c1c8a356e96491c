-- name: count
UPDATE backlog SET messages = messages + :change WHERE id = :backlog AND abandoned = 0

-- name: in_use
SELECT 1 FROM backlog WHERE id = :backlog AND abandoned = 0

-- name: insert
INSERT INTO message (backlog, visible_at, receives, sent_at, message_id, message_group)
VALUES (:backlog, :visible_at, 0, :sent_at, :message_id, :message_group)

-- name: insert_content
INSERT INTO message_content (id, body, attributes) VALUES (:id, :body, :attributes)

-- name: duplicate
SELECT id, message_id FROM deduplication
WHERE backlog = :backlog AND scope = :scope AND token = :token AND sent_at > :since

-- name: remember
INSERT OR REPLACE INTO deduplication (backlog, scope, token, sent_at, id, message_id)
VALUES (:backlog, :scope, :token, :sent_at, :id, :message_id)

-- name: visible
SELECT m.id, m.message_id, m.receives, m.sent_at, m.first_received_at, m.source, c.body, c.attributes,
       m.message_group, m.visible_at
FROM message m JOIN message_content c ON c.id = m.id
WHERE m.backlog = :backlog AND m.visible_at <= :now ORDER BY m.visible_at, m.id LIMIT :limit

-- name: visible_groups
SELECT name FROM message_group
WHERE backlog = :backlog AND visible_at <= :now ORDER BY visible_at, head LIMIT :limit

-- name: head_of_group
SELECT m.id, m.message_id, m.receives, m.sent_at, m.first_received_at, m.source, c.body, c.attributes,
       m.message_group, m.visible_at
FROM message m JOIN message_content c ON c.id = m.id
WHERE m.backlog = :backlog AND m.message_group = :name ORDER BY m.id LIMIT :limit

-- name: next_visible
SELECT min(visible_at) FROM message WHERE backlog = :backlog AND visible_at > :now

-- name: next_visible_group
SELECT min(visible_at) FROM message_group WHERE backlog = :backlog AND visible_at > :now

-- name: receive
UPDATE message
SET visible_at = :visible_at, receives = receives + 1, received_at = :now,
    first_received_at = coalesce(first_received_at, :now)
WHERE id = :id

-- name: in_flight
SELECT count(*) FROM message WHERE backlog = :backlog AND visible_at > :now AND receives > 0

-- name: delayed
SELECT count(*) FROM message WHERE backlog = :backlog AND visible_at > :now AND receives = 0

-- name: total
SELECT messages FROM backlog WHERE id = :backlog

-- name: get
SELECT receives, visible_at, received_at, message_group FROM message WHERE id = :id AND backlog = :backlog

-- name: change_visibility
UPDATE message SET visible_at = :visible_at WHERE id = :id

-- name: delete
DELETE FROM message WHERE id = :id

-- name: delete_content
DELETE FROM message_content WHERE id = :id

-- name: add_to_group
INSERT INTO message_group (backlog, name, head, visible_at) VALUES (:backlog, :name, :head, :visible_at)
ON CONFLICT DO NOTHING

-- name: renew_group
INSERT OR REPLACE INTO message_group (backlog, name, head, visible_at)
SELECT backlog, message_group, id, visible_at FROM message
WHERE backlog = :backlog AND message_group = :name ORDER BY id LIMIT 1

-- name: delete_group
DELETE FROM message_group WHERE backlog = :backlog AND name = :name

-- name: move
INSERT INTO message (
    backlog, visible_at, receives, sent_at, received_at, first_received_at, message_id, message_group, source
)
SELECT :target, :now, :receives, :sent_at, NULL, iif(:receives = 0, NULL, first_received_at), :message_id,
       :message_group, :source
FROM message WHERE id = :id

-- name: move_content
UPDATE message_content SET id = :new_id WHERE id = :id

-- name: expired
SELECT id, message_group FROM message WHERE backlog = :backlog AND sent_at <= :before
ORDER BY sent_at LIMIT :limit

-- name: delay_again
UPDATE message SET visible_at = sent_at + :delay
WHERE backlog = :backlog AND receives = 0 AND sent_at > :since

-- name: groups_since
SELECT DISTINCT message_group FROM message WHERE backlog = :backlog AND sent_at > :since

-- name: forget
DELETE FROM deduplication WHERE (backlog, scope, token) IN (
    SELECT backlog, scope, token FROM deduplication WHERE sent_at <= :before ORDER BY sent_at LIMIT :limit
)

-- name: abandoned
SELECT id FROM backlog WHERE abandoned = 1 LIMIT 1

-- name: of_backlog
SELECT id FROM message WHERE backlog = :backlog LIMIT :limit

-- name: delete_groups_of_backlog
DELETE FROM message_group WHERE backlog = :backlog

-- name: forget_backlog
DELETE FROM deduplication WHERE backlog = :backlog

-- name: delete_backlog
DELETE FROM backlog WHERE id = :backlog
