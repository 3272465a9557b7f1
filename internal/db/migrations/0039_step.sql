-- +goose Up
-- A task whose receivers are still being put in, a part in each transaction: nobody outside knows of it yet.
ALTER TABLE broadcast_task ADD COLUMN filling BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX broadcast_task_filling ON broadcast_task (corp_id, broadcast_id, staff_id, id) WHERE filling;
-- What is reserved is gone through in parts, for everybody or for one member, without a look at the rows.
DROP INDEX touch_open;
CREATE INDEX touch_open ON touch (corp_id, expires_at, id, staff_id) WHERE state = 'reserved';

-- +goose Down
DROP INDEX touch_open;
CREATE INDEX touch_open ON touch (corp_id, expires_at) WHERE state = 'reserved';
DROP INDEX broadcast_task_filling;
ALTER TABLE broadcast_task DROP COLUMN filling;
