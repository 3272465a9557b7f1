-- +goose Up
-- Sending that somebody stopped, for the whole corp or for one member. A row with lifted_at = 0 is in force.
CREATE TABLE halt (
    corp_id   TEXT   NOT NULL,
    id        BIGINT NOT NULL,
    staff_id  TEXT   NOT NULL DEFAULT '', -- whose sending; empty = everybody's
    since     BIGINT NOT NULL,
    by_whom   TEXT   NOT NULL,
    reason    TEXT   NOT NULL,
    lifted_at BIGINT NOT NULL DEFAULT 0,
    lifted_by TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX halt_in_force ON halt (corp_id, staff_id) WHERE lifted_at = 0;

-- +goose Down
DROP TABLE halt;
