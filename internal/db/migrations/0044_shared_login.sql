-- +goose Up
-- Where a session was used last, and with what: two persons on one account show (ACC-10).
ALTER TABLE session ADD COLUMN addr TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN agent TEXT NOT NULL DEFAULT '';

-- Accounts that were used from two addresses by two browsers at the same time. All times are wall times.
CREATE TABLE shared_login (
    corp_id    TEXT    NOT NULL,
    id         BIGINT  NOT NULL,
    account    TEXT    NOT NULL, -- a member's id, or the name of an account with a password
    browsers   TEXT    NOT NULL, -- JSON: the two browsers in short, in order
    uses       TEXT    NOT NULL, -- JSON: the evidence, two uses
    found_at   BIGINT  NOT NULL,
    last_at    BIGINT  NOT NULL, -- when it was seen last
    times      INTEGER NOT NULL, -- how often it was seen
    state      TEXT    NOT NULL, -- open, one_person, shared
    decided_by TEXT    NOT NULL DEFAULT '',
    decided_at BIGINT  NOT NULL DEFAULT 0,
    note       TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX shared_login_open ON shared_login (corp_id, account, browsers) WHERE state = 'open';

-- +goose Down
DROP TABLE shared_login;
ALTER TABLE session DROP COLUMN agent;
ALTER TABLE session DROP COLUMN addr;
