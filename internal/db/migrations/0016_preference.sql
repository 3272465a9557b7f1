-- +goose Up
-- What a customer chose for themselves short of stopping. The row with replaced_at = 0 is in force; older ones explain older
-- decisions.
CREATE TABLE preference (
    corp_id      TEXT   NOT NULL,
    id           BIGINT NOT NULL,
    customer_id  TEXT   NOT NULL,
    pace         TEXT   NOT NULL DEFAULT '',   -- weekly, monthly; empty = as often as the corp does
    paused_until BIGINT NOT NULL DEFAULT 0,
    topics_off   TEXT   NOT NULL DEFAULT '[]', -- JSON: topics they want nothing about
    set_at       BIGINT NOT NULL,
    via          TEXT   NOT NULL, -- page, staff
    by_whom      TEXT   NOT NULL, -- staff id, or 'customer'
    replaced_at  BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX preference_in_force ON preference (corp_id, customer_id) WHERE replaced_at = 0;
CREATE INDEX preference_customer ON preference (corp_id, customer_id, set_at);

-- +goose Down
DROP TABLE preference;
