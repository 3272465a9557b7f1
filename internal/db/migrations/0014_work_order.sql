-- +goose Up
-- Finds the earlier open work of an order key; without it, a thousand rows that wait for a limit are compared with each other.
CREATE INDEX work_order ON work (corp_id, order_key, lane, id) WHERE state = 'pending';

-- +goose Down
DROP INDEX work_order;
