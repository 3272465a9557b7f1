-- +goose Up
CREATE TABLE autoreply (
    corp_id    TEXT    NOT NULL,
    id         BIGINT  NOT NULL,
    name       TEXT    NOT NULL,
    enabled    BOOLEAN NOT NULL,
    priority   INTEGER NOT NULL,
    accounts   TEXT    NOT NULL, -- JSON list of open_kfid; empty = all
    patterns   TEXT    NOT NULL, -- JSON
    answer     TEXT    NOT NULL, -- JSON
    hours      TEXT    NOT NULL, -- JSON; empty = always
    matched    BIGINT  NOT NULL DEFAULT 0, -- messages it answered
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL,
    PRIMARY KEY (corp_id, id)
);
-- Grows with every change of a rule: a node that holds compiled rules sees by it that they are old.
CREATE TABLE autoreply_rev (
    corp_id TEXT   NOT NULL PRIMARY KEY,
    rev     BIGINT NOT NULL
);

-- +goose Down
DROP TABLE autoreply_rev;
DROP TABLE autoreply;
