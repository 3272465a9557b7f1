-- +goose Up
CREATE TABLE kf_account (
    corp_id   TEXT    NOT NULL,
    id        TEXT    NOT NULL, -- open_kfid
    name      TEXT    NOT NULL DEFAULT '',
    avatar    TEXT    NOT NULL DEFAULT '',
    managed   BOOLEAN NOT NULL DEFAULT FALSE, -- our app may route and answer
    live      BOOLEAN NOT NULL DEFAULT TRUE,
    desk      TEXT    NOT NULL DEFAULT 'console', -- console, wecom
    greeting  TEXT    NOT NULL DEFAULT '',
    unmatched TEXT    NOT NULL DEFAULT '', -- said once when no rule fits
    handoff   TEXT    NOT NULL DEFAULT '', -- said when a person takes over
    parting   TEXT    NOT NULL DEFAULT '', -- said when a conversation at the WeCom desk ends
    link      TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (corp_id, id)
);
CREATE TABLE kf_servicer (
    corp_id       TEXT    NOT NULL,
    account_id    TEXT    NOT NULL,
    staff_id      TEXT    NOT NULL, -- '' for a department
    department_id BIGINT  NOT NULL,
    receiving     BOOLEAN NOT NULL,
    PRIMARY KEY (corp_id, account_id, staff_id, department_id)
);
-- Names of people who wrote to customer service and are nobody's customer yet.
CREATE TABLE kf_customer (
    corp_id TEXT NOT NULL,
    id      TEXT NOT NULL, -- external_userid
    name    TEXT NOT NULL DEFAULT '',
    avatar  TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (corp_id, id)
);
-- How far the messages of an account were read. wanted grows with every callback; done is the wanted that was reached.
CREATE TABLE kf_cursor (
    corp_id    TEXT   NOT NULL,
    account_id TEXT   NOT NULL,
    cursor     TEXT   NOT NULL DEFAULT '',
    token      TEXT   NOT NULL DEFAULT '', -- of the newest callback; good for 10 minutes
    token_at   BIGINT NOT NULL DEFAULT 0,
    wanted     BIGINT NOT NULL DEFAULT 0,
    done       BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (corp_id, account_id)
);
CREATE TABLE kf_session (
    corp_id          TEXT    NOT NULL,
    id               BIGINT  NOT NULL,
    account_id       TEXT    NOT NULL,
    customer_id      TEXT    NOT NULL,
    state            TEXT    NOT NULL, -- bot, waiting, human, ended
    wecom_state      INTEGER NOT NULL, -- WeCom's service_state as far as we know
    agent_id         TEXT    NOT NULL DEFAULT '', -- staff id, or the console user's name
    opened_at        BIGINT  NOT NULL,
    ended_at         BIGINT  NOT NULL DEFAULT 0,
    waiting_since    BIGINT  NOT NULL DEFAULT 0,
    last_customer_at BIGINT  NOT NULL DEFAULT 0, -- the window of 48 hours counts from here
    sent             INTEGER NOT NULL DEFAULT 0, -- messages through the API since then: at most 5
    misses           INTEGER NOT NULL DEFAULT 0, -- customer messages in a row that no rule fitted
    unread           INTEGER NOT NULL DEFAULT 0,
    last_at          BIGINT  NOT NULL,
    last_from        TEXT    NOT NULL DEFAULT '',
    last_text        TEXT    NOT NULL DEFAULT '', -- sealed
    reason           TEXT    NOT NULL DEFAULT '', -- code of the last change of state
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX kf_session_open ON kf_session (corp_id, account_id, customer_id) WHERE state <> 'ended';
CREATE INDEX kf_session_state ON kf_session (corp_id, state, last_at);
CREATE INDEX kf_session_customer ON kf_session (corp_id, customer_id, last_at);

CREATE TABLE kf_message (
    corp_id     TEXT   NOT NULL,
    id          BIGINT NOT NULL,
    account_id  TEXT   NOT NULL,
    msgid       TEXT   NOT NULL, -- WeCom's, or ours for what we send
    session_id  BIGINT NOT NULL,
    customer_id TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    origin      TEXT   NOT NULL, -- customer, bot, agent, wecom, system, event
    agent_id    TEXT   NOT NULL DEFAULT '',
    type        TEXT   NOT NULL,
    text        TEXT   NOT NULL DEFAULT '', -- sealed
    media_id    TEXT   NOT NULL DEFAULT '',
    rule_id     BIGINT NOT NULL DEFAULT 0,
    touch_id    BIGINT NOT NULL DEFAULT 0,
    state       TEXT   NOT NULL, -- received, sending, sent, failed, held, recalled
    reason_code TEXT   NOT NULL DEFAULT '',
    reason_zh   TEXT   NOT NULL DEFAULT '',
    reason_en   TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX kf_message_once ON kf_message (corp_id, account_id, msgid);
CREATE INDEX kf_message_session ON kf_message (corp_id, session_id, id);
CREATE INDEX kf_message_touch ON kf_message (corp_id, touch_id);

CREATE TABLE kf_step (
    corp_id    TEXT   NOT NULL,
    id         BIGINT NOT NULL,
    session_id BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    state      TEXT   NOT NULL,
    reason     TEXT   NOT NULL, -- code
    actor      TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (corp_id, id)
);
CREATE INDEX kf_step_session ON kf_step (corp_id, session_id, id);

-- +goose Down
DROP TABLE kf_step;
DROP TABLE kf_message;
DROP TABLE kf_session;
DROP TABLE kf_cursor;
DROP TABLE kf_customer;
DROP TABLE kf_servicer;
DROP TABLE kf_account;
