-- +goose Up
-- The touch that took the place of a reserved one of a lower class; 0 = none did.
ALTER TABLE touch ADD COLUMN displaced_by BIGINT NOT NULL DEFAULT 0;
CREATE INDEX touch_displaced ON touch (corp_id, displaced_by) WHERE displaced_by <> 0;
-- What one member sends on a day: read only for members who have a limit of their own.
CREATE INDEX touch_staff_day ON touch (corp_id, staff_id, earliest_at)
    WHERE channel = 'mass_customer' AND state IN ('reserved', 'tasked', 'delivered', 'committed');

-- +goose Down
DROP INDEX touch_staff_day;
DROP INDEX touch_displaced;
ALTER TABLE touch DROP COLUMN displaced_by;
