-- name: reserve
UPDATE log_sequence SET next = next + :count RETURNING next - :count

-- name: insert
INSERT INTO log_event (log_group, at, id, stream, ingested_at, size, message)
SELECT stream.log_group, json_extract(row.value, '$[1]'), :first + row.key, stream.id, :now,
    json_extract(row.value, '$[2]'), row.value -> 3
FROM json_each(:rows) AS row JOIN log_stream AS stream ON stream.id = json_extract(row.value, '$[0]')

-- name: touch_streams
UPDATE log_stream SET
    first_at = min(coalesce(log_stream.first_at, one.first_at), one.first_at),
    last_at = max(coalesce(log_stream.last_at, one.last_at), one.last_at),
    ingested_at = :now
FROM (
    SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS first_at,
        json_extract(value, '$[2]') AS last_at
    FROM json_each(:streams)
) AS one
WHERE log_stream.id = one.id

-- name: touch_groups
UPDATE log_group SET stored_bytes = stored_bytes + one.bytes
FROM (
    SELECT log_stream.log_group AS id, sum(json_extract(value, '$[3]')) AS bytes
    FROM json_each(:streams) JOIN log_stream ON log_stream.id = json_extract(value, '$[0]')
    GROUP BY log_stream.log_group
) AS one
WHERE log_group.id = one.id

-- name: positions_of_group
SELECT '[' || group_concat('[' || at || ',' || id || ',' || size || ']') || ']' FROM (
    SELECT at, id, size FROM log_event
    WHERE log_group = :log_group AND (at, id) > (:at, :id) AND at < :end
    ORDER BY at, id LIMIT :limit
)

-- name: positions_of_group_descending
SELECT '[' || group_concat('[' || at || ',' || id || ',' || size || ']') || ']' FROM (
    SELECT at, id, size FROM log_event
    WHERE log_group = :log_group AND (at, id) < (:at, :id) AND at >= :start
    ORDER BY at DESC, id DESC LIMIT :limit
)

-- name: positions_of_stream
SELECT '[' || group_concat('[' || at || ',' || id || ',' || size || ']') || ']' FROM (
    SELECT at, id, size FROM log_event INDEXED BY log_event_by_stream
    WHERE stream = :stream AND (at, id) > (:at, :id) AND at < :end
    ORDER BY at, id LIMIT :limit
)

-- name: positions_of_streams
SELECT '[' || group_concat('[' || at || ',' || id || ',' || size || ']') || ']' FROM (
    SELECT event.at, event.id, event.size
    FROM json_each(:streams) AS one CROSS JOIN log_event AS event INDEXED BY log_event_by_stream
        ON event.stream = one.value AND (event.at, event.id) > (:at, :id) AND event.at < :end
    ORDER BY event.at, event.id LIMIT :limit
)

-- name: positions_of_stream_descending
SELECT '[' || group_concat('[' || at || ',' || id || ',' || size || ']') || ']' FROM (
    SELECT at, id, size FROM log_event INDEXED BY log_event_by_stream
    WHERE stream = :stream AND (at, id) < (:at, :id) AND at >= :start
    ORDER BY at DESC, id DESC LIMIT :limit
)

-- name: positions_of_streams_descending
SELECT '[' || group_concat('[' || at || ',' || id || ',' || size || ']') || ']' FROM (
    SELECT event.at, event.id, event.size
    FROM json_each(:streams) AS one CROSS JOIN log_event AS event INDEXED BY log_event_by_stream
        ON event.stream = one.value AND (event.at, event.id) < (:at, :id) AND event.at >= :start
    ORDER BY event.at DESC, event.id DESC LIMIT :limit
)

-- name: events
-- CROSS JOIN, here and above, is SQLite's word for the order of the tables, which it guesses wrong.
SELECT '[' || group_concat(
    '[' || at || ',' || id || ',' || json_quote(name) || ',' || ingested_at || ',' || message || ']'
) || ']' FROM (
    SELECT event.at, event.id, stream.name, event.ingested_at, event.message
    FROM json_each(:positions) AS one
    CROSS JOIN log_event AS event ON event.log_group = :log_group
        AND event.at = json_extract(one.value, '$[0]') AND event.id = json_extract(one.value, '$[1]')
    CROSS JOIN log_stream AS stream ON stream.id = event.stream
    ORDER BY event.at, event.id
)

-- name: expired
SELECT '[' || group_concat('[' || at || ',' || id || ',' || size || ']') || ']' FROM (
    SELECT at, id, size FROM log_event WHERE log_group = :log_group AND at < :before
    ORDER BY at, id LIMIT :limit
)

-- name: of_deleted_stream
SELECT '[' || group_concat('[' || at || ',' || id || ',' || size || ']') || ']' FROM (
    SELECT at, id, size FROM log_event INDEXED BY log_event_by_stream WHERE stream = :stream LIMIT :limit
)

-- name: delete
DELETE FROM log_event WHERE (log_group, at, id) IN (
    SELECT :log_group, json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:positions)
)

-- name: shrink_group
UPDATE log_group SET stored_bytes = max(0, stored_bytes - :bytes) WHERE id = :log_group

-- name: deleted_group
SELECT id FROM deleted_log_group LIMIT 1

-- name: forget_deleted_group
DELETE FROM deleted_log_group WHERE id = :id

-- name: deleted_stream
SELECT id, log_group FROM deleted_log_stream LIMIT 1

-- name: forget_deleted_stream
DELETE FROM deleted_log_stream WHERE id = :id
