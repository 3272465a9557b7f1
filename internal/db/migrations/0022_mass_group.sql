-- +goose Up
-- Mass messages to customer groups. Their receivers stand in broadcast_receiver like any other, with the group's id in
-- customer_id and its owner in staff_id.
ALTER TABLE broadcast ADD COLUMN kind TEXT NOT NULL DEFAULT 'customer'; -- customer, group
ALTER TABLE broadcast ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;   -- how often its words were changed after it was submitted
ALTER TABLE broadcast ADD COLUMN revised_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE broadcast ADD COLUMN revised_by TEXT NOT NULL DEFAULT '';
-- What a group has had, for its caps.
CREATE INDEX touch_chat ON touch (corp_id, chat_id, delivered_at) WHERE chat_id <> '';

-- +goose Down
DROP INDEX touch_chat;
ALTER TABLE broadcast DROP COLUMN revised_by;
ALTER TABLE broadcast DROP COLUMN revised_at;
ALTER TABLE broadcast DROP COLUMN revision;
ALTER TABLE broadcast DROP COLUMN kind;
