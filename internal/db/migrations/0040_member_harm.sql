-- +goose Up
-- Who said stop, complained or deleted their member within a day of a message, by the message and by the member who sent it (FTG-12).
ALTER TABLE broadcast_receiver ADD COLUMN lost_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX broadcast_receiver_lost ON broadcast_receiver (corp_id, staff_id, lost_at) WHERE lost_at <> 0;
CREATE INDEX broadcast_receiver_lost_of ON broadcast_receiver (corp_id, broadcast_id) WHERE lost_at <> 0;
CREATE INDEX broadcast_task_confirmed ON broadcast_task (corp_id, staff_id, confirmed_at) WHERE confirmed_at <> 0;

-- +goose Down
DROP INDEX broadcast_task_confirmed;
DROP INDEX broadcast_receiver_lost_of;
DROP INDEX broadcast_receiver_lost;
ALTER TABLE broadcast_receiver DROP COLUMN lost_at;
