-- +goose Up
-- Work: what has to be done, in three lanes (inbox = told by WeCom, timer = due by itself, intent = a call to the outside).
CREATE TABLE work (
    id         BIGINT PRIMARY KEY,
    corp_id    TEXT    NOT NULL,
    lane       TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    key        TEXT    NOT NULL, -- identity: the same key is the same work
    part       INTEGER NOT NULL, -- partition, by order_key
    order_key  TEXT    NOT NULL, -- work with one order_key is done in order
    urgent     BOOLEAN NOT NULL DEFAULT FALSE,
    payload    TEXT    NOT NULL,
    created_at BIGINT  NOT NULL,
    due_at     BIGINT  NOT NULL,
    state      TEXT    NOT NULL, -- pending, running (intents only), done, dead
    attempts   INTEGER NOT NULL DEFAULT 0,
    error      TEXT    NOT NULL DEFAULT '',
    done_at    BIGINT  NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX work_key ON work (corp_id, key);
CREATE INDEX work_open ON work (part, lane, due_at) WHERE state = 'pending';
CREATE INDEX work_due ON work (due_at) WHERE state IN ('pending', 'running');
CREATE INDEX work_dead ON work (corp_id, id) WHERE state = 'dead';
CREATE INDEX work_done ON work (done_at) WHERE state = 'done';

-- Leases of wall time: which node owns a partition, and shares of a rate limit.
CREATE TABLE lease (
    name     TEXT PRIMARY KEY,
    owner    TEXT   NOT NULL,
    fence    BIGINT NOT NULL, -- grows with every new owner: an old owner's writes are refused by it
    until    BIGINT NOT NULL  -- wall time, ms
);
CREATE TABLE node (
    id   TEXT PRIMARY KEY,
    seen BIGINT NOT NULL -- wall time, ms
);

-- Settings made in the console; secrets are sealed.
CREATE TABLE setting (
    corp_id TEXT NOT NULL,
    name    TEXT NOT NULL,
    value   TEXT NOT NULL,
    sealed  BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (corp_id, name)
);

-- +goose Down
DROP TABLE setting;
DROP TABLE node;
DROP TABLE lease;
DROP TABLE work;
