-- +goose Up
-- Members of the corp and its departments, as WeCom tells them; role and scope are ours.
CREATE TABLE staff (
    corp_id  TEXT    NOT NULL,
    id       TEXT    NOT NULL, -- WeCom's userid
    name     TEXT    NOT NULL DEFAULT '',
    position TEXT    NOT NULL DEFAULT '',
    active   BOOLEAN NOT NULL, -- is in the corp and can use WeCom
    contact  BOOLEAN NOT NULL DEFAULT FALSE, -- has the customer-contact feature
    gone_at  BIGINT  NOT NULL DEFAULT 0,     -- left the corp
    role     TEXT    NOT NULL DEFAULT 'staff', -- owner, manager, operator, staff, auditor
    scope    TEXT    NOT NULL DEFAULT 'own',   -- own, department, all
    PRIMARY KEY (corp_id, id)
);
CREATE TABLE department (
    corp_id   TEXT    NOT NULL,
    id        BIGINT  NOT NULL,
    name      TEXT    NOT NULL,
    parent_id BIGINT  NOT NULL,
    rank      BIGINT  NOT NULL DEFAULT 0, -- WeCom's order: larger first
    PRIMARY KEY (corp_id, id)
);
CREATE TABLE staff_department (
    corp_id       TEXT   NOT NULL,
    staff_id      TEXT   NOT NULL,
    department_id BIGINT NOT NULL,
    PRIMARY KEY (corp_id, staff_id, department_id)
);
CREATE INDEX staff_department_members ON staff_department (corp_id, department_id, staff_id);

-- Accounts that log in with a password. Members log in by WeCom and have none.
CREATE TABLE account (
    corp_id    TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    password   TEXT   NOT NULL, -- argon2id, with its parameters
    role       TEXT   NOT NULL,
    scope      TEXT   NOT NULL,
    changed_at BIGINT NOT NULL, -- wall time
    PRIMARY KEY (corp_id, name)
);
-- A session is known by the hash of its token only. All times are wall times.
CREATE TABLE session (
    corp_id    TEXT   NOT NULL,
    hash       TEXT   NOT NULL,
    account    TEXT   NOT NULL DEFAULT '', -- of account, or
    staff_id   TEXT   NOT NULL DEFAULT '', -- of a member
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (corp_id, hash)
);
CREATE INDEX session_staff ON session (corp_id, staff_id);
CREATE INDEX session_expires ON session (expires_at);

-- API tokens, for programs.
CREATE TABLE token (
    corp_id    TEXT   NOT NULL,
    id         BIGINT NOT NULL,
    hash       TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    role       TEXT   NOT NULL,
    scope      TEXT   NOT NULL,
    staff_id   TEXT   NOT NULL DEFAULT '', -- whose data, for the narrow scopes
    created_by TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL DEFAULT 0,  -- 0 = never
    used_at    BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX token_hash ON token (hash);

-- Tries to log in of the last minute, so that all nodes together keep the limit.
CREATE TABLE login_try (
    id      BIGINT PRIMARY KEY,
    corp_id TEXT   NOT NULL,
    who     TEXT   NOT NULL, -- hash of user and address, or of the address
    at      BIGINT NOT NULL
);
CREATE INDEX login_try_who ON login_try (corp_id, who, at);
CREATE INDEX login_try_at ON login_try (corp_id, at);

-- +goose Down
DROP TABLE login_try;
DROP TABLE token;
DROP TABLE session;
DROP TABLE account;
DROP TABLE staff_department;
DROP TABLE department;
DROP TABLE staff;
