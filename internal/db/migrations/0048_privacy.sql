-- +goose Up
-- Erasing a person (LAW-10). customer_id is empty once it is done: from then on only the keyed hash says that nothing of this person may be
-- stored again before they come back by themselves.
CREATE TABLE erasure (
    corp_id     TEXT   NOT NULL,
    id          BIGINT NOT NULL,
    customer_id TEXT   NOT NULL,
    hash        TEXT   NOT NULL,
    state       TEXT   NOT NULL, -- waiting, done
    why         TEXT   NOT NULL, -- asked = somebody wants it, expired = the time of their data is over
    reason      TEXT   NOT NULL,
    asked_by    TEXT   NOT NULL,
    asked_at    BIGINT NOT NULL,
    waits_for   TEXT   NOT NULL DEFAULT '',
    done_at     BIGINT NOT NULL DEFAULT 0,
    removed     TEXT   NOT NULL DEFAULT '{}', -- JSON: rows by table
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX erasure_waiting ON erasure (corp_id, customer_id) WHERE state = 'waiting';
CREATE INDEX erasure_hash ON erasure (corp_id, hash) WHERE state = 'done';

-- How long data is kept (LAW-06). The newest version holds.
CREATE TABLE retention (
    corp_id TEXT    NOT NULL,
    version INTEGER NOT NULL,
    value   TEXT    NOT NULL, -- JSON: days by class
    set_at  BIGINT  NOT NULL,
    set_by  TEXT    NOT NULL,
    PRIMARY KEY (corp_id, version)
);

-- What customers want about their own data (LAW-09 to LAW-11).
CREATE TABLE data_request (
    corp_id     TEXT   NOT NULL,
    id          BIGINT NOT NULL,
    customer_id TEXT   NOT NULL,
    kind        TEXT   NOT NULL, -- copy, correct, erase
    words       TEXT   NOT NULL, -- what is to be corrected
    via         TEXT   NOT NULL, -- page, staff
    by_whom     TEXT   NOT NULL, -- staff id, or 'customer'
    asked_at    BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    state       TEXT   NOT NULL, -- open, done, refused
    done_at     BIGINT NOT NULL DEFAULT 0,
    done_by     TEXT   NOT NULL DEFAULT '',
    note        TEXT   NOT NULL DEFAULT '', -- what was done, or why not
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX data_request_open ON data_request (corp_id, customer_id, kind) WHERE state = 'open';
CREATE INDEX data_request_state ON data_request (corp_id, state, id);

-- Who erases a person finds their rows at once, beside callbacks that are being written.
DROP INDEX kf_message_customer;
CREATE INDEX kf_message_customer ON kf_message (corp_id, customer_id, at, origin);
CREATE INDEX groupchat_move_member ON groupchat_move (corp_id, member_id);
CREATE INDEX moment_echo_person ON moment_echo (corp_id, person);
CREATE INDEX moment_answer_person ON moment_answer (corp_id, person);
CREATE INDEX joinway_join_customer ON joinway_join (corp_id, customer_id);
CREATE INDEX joinway_ask_customer ON joinway_ask (corp_id, customer_id);

-- +goose Down
DROP INDEX joinway_ask_customer;
DROP INDEX joinway_join_customer;
DROP INDEX moment_answer_person;
DROP INDEX moment_echo_person;
DROP INDEX groupchat_move_member;
DROP INDEX kf_message_customer;
CREATE INDEX kf_message_customer ON kf_message (corp_id, customer_id, at) WHERE origin = 'customer';
DROP TABLE data_request;
DROP TABLE retention;
DROP TABLE erasure;
