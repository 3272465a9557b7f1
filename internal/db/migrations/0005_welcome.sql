-- +goose Up
CREATE TABLE welcome (
    corp_id     TEXT NOT NULL,
    id          BIGINT NOT NULL,
    name        TEXT NOT NULL,
    channels    TEXT NOT NULL,            -- JSON list of contactway ids; empty = the default welcome
    text        TEXT NOT NULL,
    attachments TEXT NOT NULL,            -- JSON
    hours       TEXT NOT NULL,            -- JSON; empty = always
    enabled     BOOLEAN NOT NULL,
    priority    INTEGER NOT NULL DEFAULT 0,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (corp_id, id)
);
-- What became of the welcome of each new relation, and why none went out.
CREATE TABLE welcome_trace (
    corp_id     TEXT NOT NULL,
    id          BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    customer_id TEXT NOT NULL,
    staff_id    TEXT NOT NULL,
    state       TEXT NOT NULL,            -- of the channel code
    welcome_id  BIGINT NOT NULL DEFAULT 0,
    outcome     TEXT NOT NULL,            -- waiting, sent, not_sent
    code        TEXT NOT NULL DEFAULT '', -- why not: see welcome.Why
    touch_id    BIGINT NOT NULL DEFAULT 0,
    done_at     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (corp_id, id)
);
CREATE INDEX welcome_trace_at ON welcome_trace (corp_id, at, id);
CREATE INDEX welcome_trace_customer ON welcome_trace (corp_id, customer_id, at);
CREATE INDEX welcome_trace_staff ON welcome_trace (corp_id, staff_id, at);
CREATE INDEX welcome_trace_touch ON welcome_trace (corp_id, touch_id);

-- +goose Down
DROP TABLE welcome_trace;
DROP TABLE welcome;
