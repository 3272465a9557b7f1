-- +goose Up
-- A mass message: one text to many customers, sent by their members of staff after each has confirmed.
CREATE TABLE broadcast (
    corp_id      TEXT    NOT NULL,
    id           BIGINT  NOT NULL,
    name         TEXT    NOT NULL,
    text         TEXT    NOT NULL,
    attachments  TEXT    NOT NULL DEFAULT '[]', -- JSON
    audience     TEXT    NOT NULL,              -- JSON
    topic        TEXT    NOT NULL DEFAULT '',
    state        TEXT    NOT NULL, -- draft, planned, creating, open, done, cancelled, failed
    created_by   TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL,
    updated_at   BIGINT  NOT NULL,
    submitted_by TEXT    NOT NULL DEFAULT '',
    submitted_at BIGINT  NOT NULL DEFAULT 0,
    opens_at     BIGINT  NOT NULL DEFAULT 0, -- when its tasks are made
    closes_at    BIGINT  NOT NULL DEFAULT 0, -- when those still open are cancelled: the end of sending hours
    ended_at     BIGINT  NOT NULL DEFAULT 0,
    optouts      INTEGER NOT NULL DEFAULT 0, -- receivers who said stop within 24 hours after it arrived
    deletions    INTEGER NOT NULL DEFAULT 0, -- receivers who deleted their member within 24 hours after it arrived
    PRIMARY KEY (corp_id, id)
);
CREATE INDEX broadcast_state ON broadcast (corp_id, state, id);

-- One member's part of it: a task at WeCom. Made again (round) when a receiver opts out while it is open.
CREATE TABLE broadcast_task (
    corp_id      TEXT    NOT NULL,
    id           BIGINT  NOT NULL,
    broadcast_id BIGINT  NOT NULL,
    staff_id     TEXT    NOT NULL,
    round        INTEGER NOT NULL DEFAULT 1,
    state        TEXT    NOT NULL, -- creating, open, confirmed, cancelling, cancelled, failed
    remake       BOOLEAN NOT NULL DEFAULT FALSE, -- cancelled only to be made again without somebody
    msg_id       TEXT    NOT NULL DEFAULT '',
    customers    INTEGER NOT NULL,
    created_at   BIGINT  NOT NULL,
    opened_at    BIGINT  NOT NULL DEFAULT 0,
    confirmed_at BIGINT  NOT NULL DEFAULT 0,
    cancelled_at BIGINT  NOT NULL DEFAULT 0,
    reminders    TEXT    NOT NULL DEFAULT '[]', -- JSON: when the member was reminded
    error        TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (corp_id, id)
);
CREATE INDEX broadcast_task_of ON broadcast_task (corp_id, broadcast_id, staff_id);

-- Whom it was meant for, and what became of each. The ledger's row is touch_id.
CREATE TABLE broadcast_receiver (
    corp_id      TEXT    NOT NULL,
    broadcast_id BIGINT  NOT NULL,
    customer_id  TEXT    NOT NULL,
    staff_id     TEXT    NOT NULL,
    touch_id     BIGINT  NOT NULL DEFAULT 0,
    task_id      BIGINT  NOT NULL DEFAULT 0,
    state        TEXT    NOT NULL, -- matched, held, reserved, tasked, delivered, not_friend, over_limit, unconfirmed, cancelled, failed
    late         BOOLEAN NOT NULL DEFAULT FALSE,
    rule_id      TEXT    NOT NULL DEFAULT '',
    reason_zh    TEXT    NOT NULL DEFAULT '',
    reason_en    TEXT    NOT NULL DEFAULT '',
    next_at      BIGINT  NOT NULL DEFAULT 0,
    sent_at      BIGINT  NOT NULL DEFAULT 0,
    PRIMARY KEY (corp_id, broadcast_id, customer_id)
);
CREATE INDEX broadcast_receiver_state ON broadcast_receiver (corp_id, broadcast_id, state, customer_id);
CREATE INDEX broadcast_receiver_task ON broadcast_receiver (corp_id, task_id, state);
CREATE INDEX broadcast_receiver_customer ON broadcast_receiver (corp_id, customer_id, sent_at);

-- +goose Down
DROP TABLE broadcast_receiver;
DROP TABLE broadcast_task;
DROP TABLE broadcast;
