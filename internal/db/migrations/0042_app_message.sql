-- +goose Up
-- Messages of the app to members, one row for each receiver, for WeCom's limits (WC-18); rows older than a day go.
CREATE TABLE app_message (
    corp_id  TEXT   NOT NULL,
    id       BIGINT NOT NULL,
    staff_id TEXT   NOT NULL,
    at       BIGINT NOT NULL, -- right before the call: one whose answer was lost counts
    PRIMARY KEY (corp_id, id)
);
CREATE INDEX app_message_at ON app_message (corp_id, at);
CREATE INDEX app_message_staff ON app_message (corp_id, staff_id, at);

-- +goose Down
DROP TABLE app_message;
