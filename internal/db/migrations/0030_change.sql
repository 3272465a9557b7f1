-- +goose Up
-- What changed lately, for what is kept in memory: a row for each transaction and area, forgotten after an hour.
CREATE TABLE change (
    id      BIGINT NOT NULL PRIMARY KEY,
    corp_id TEXT   NOT NULL,
    area    TEXT   NOT NULL,
    names   TEXT   NOT NULL -- JSON: what changed; empty = anything of the area may have
);
CREATE INDEX change_area ON change (corp_id, area, id);

-- A receiver has a task only later: rows without one are not in the index.
DROP INDEX broadcast_receiver_task;
CREATE INDEX broadcast_receiver_task ON broadcast_receiver (corp_id, task_id, state) WHERE task_id <> 0;
-- What fills the windows of a customer is read from the index alone.
DROP INDEX touch_live;
CREATE INDEX touch_live ON touch (corp_id, customer_id, delivered_at, cost, class, channel, topic, id)
    WHERE state IN ('reserved', 'tasked', 'delivered', 'committed');
-- A message to everybody wrote a page of it for each customer; lists of a member's touches filter what they read by time.
DROP INDEX touch_staff;
-- Who is the same person.
CREATE INDEX customer_union ON customer (corp_id, unionid) WHERE unionid <> '';
-- Who submits a draft writes its audience in parts; the number tells theirs from those of somebody who began later.
ALTER TABLE broadcast ADD COLUMN freezing BIGINT NOT NULL DEFAULT 0;

-- +goose Down
DROP INDEX customer_union;
CREATE INDEX touch_staff ON touch (corp_id, staff_id, id);
DROP INDEX touch_live;
CREATE INDEX touch_live ON touch (corp_id, customer_id, delivered_at)
    WHERE state IN ('reserved', 'tasked', 'delivered', 'committed');
ALTER TABLE broadcast DROP COLUMN freeze;
DROP INDEX broadcast_receiver_task;
CREATE INDEX broadcast_receiver_task ON broadcast_receiver (corp_id, task_id, state);
DROP TABLE change;
