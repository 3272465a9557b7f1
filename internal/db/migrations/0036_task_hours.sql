-- +goose Up
-- Customers with a zone of their own have tasks of their own, which end with their hours (FTG-05).
ALTER TABLE broadcast_task ADD COLUMN closes_at BIGINT NOT NULL DEFAULT 0; -- 0 = with the mass message

-- +goose Down
ALTER TABLE broadcast_task DROP COLUMN closes_at;
