-- +goose Up
CREATE INDEX touch_delivered ON touch (corp_id, delivered_at) WHERE delivered_at > 0;
CREATE INDEX optout_since ON optout (corp_id, since);

-- +goose Down
DROP INDEX optout_since;
DROP INDEX touch_delivered;
