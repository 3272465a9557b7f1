-- +goose Up
-- Who gets personal data from the corp (LAW-15). No row is changed but for its end, and none is deleted.
CREATE TABLE receiver (
    corp_id        TEXT    NOT NULL,
    id             BIGINT  NOT NULL,
    name           TEXT    NOT NULL,
    kind           TEXT    NOT NULL,              -- entrusted (processes for us), handler (uses it for its own ends)
    contract       TEXT    NOT NULL,              -- its number
    contract_until BIGINT  NOT NULL,              -- the end of its last day
    data_kinds     TEXT    NOT NULL,              -- what data
    purpose        TEXT    NOT NULL,
    contact        TEXT    NOT NULL DEFAULT '',
    consent        TEXT    NOT NULL DEFAULT '',   -- of a handler: the words of the separate consent that names it
    abroad         BOOLEAN NOT NULL DEFAULT FALSE,
    assessments    TEXT    NOT NULL DEFAULT '',   -- numbers of the impact assessments it was registered on
    made_by        TEXT    NOT NULL,
    made_at        BIGINT  NOT NULL,
    ended_by       TEXT    NOT NULL DEFAULT '',
    ended_at       BIGINT  NOT NULL DEFAULT 0,    -- 0 = it stands
    ended_why      TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (corp_id, id)
);
-- A customer's separate consent that one handler gets their data.
CREATE TABLE receiver_consent (
    corp_id     TEXT   NOT NULL,
    id          BIGINT NOT NULL,
    receiver_id BIGINT NOT NULL,
    customer_id TEXT   NOT NULL,
    evidence    TEXT   NOT NULL,
    made_by     TEXT   NOT NULL,
    made_at     BIGINT NOT NULL,
    ended_by    TEXT   NOT NULL DEFAULT '',
    ended_at    BIGINT NOT NULL DEFAULT 0, -- 0 = it holds
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX receiver_consent_in_force ON receiver_consent (corp_id, receiver_id, customer_id) WHERE ended_at = 0;
CREATE INDEX receiver_consent_customer ON receiver_consent (corp_id, customer_id, id);
-- A file of customers that somebody took out, or wants to (WC-15). The file is made of its rows when it is fetched; it lies nowhere.
CREATE TABLE export (
    corp_id     TEXT    NOT NULL,
    id          BIGINT  NOT NULL,
    receiver_id BIGINT  NOT NULL,            -- 0 = used inside the corp
    purpose     TEXT    NOT NULL,
    query       TEXT    NOT NULL,            -- the filters of the list, as in its URL
    state       TEXT    NOT NULL,            -- making, waiting (for a second person), ready, refused
    size        INTEGER NOT NULL DEFAULT 0,  -- customers in it
    left_out    INTEGER NOT NULL DEFAULT 0,  -- who did not consent to this receiver
    made_by     TEXT    NOT NULL,
    made_at     BIGINT  NOT NULL,
    decided_by  TEXT    NOT NULL DEFAULT '',
    decided_at  BIGINT  NOT NULL DEFAULT 0,
    note        TEXT    NOT NULL DEFAULT '', -- why it was refused
    until       BIGINT  NOT NULL DEFAULT 0,  -- it can be fetched before this
    fetches     INTEGER NOT NULL DEFAULT 0,
    fetched_at  BIGINT  NOT NULL DEFAULT 0,  -- the last time
    PRIMARY KEY (corp_id, id)
);
CREATE INDEX export_by ON export (corp_id, made_by, made_at);
CREATE TABLE export_customer (
    corp_id     TEXT    NOT NULL,
    export_id   BIGINT  NOT NULL,
    n           INTEGER NOT NULL,            -- its place in the file
    customer_id TEXT    NOT NULL,
    sent_at     BIGINT  NOT NULL DEFAULT 0,  -- when it was first in a file that was fetched
    PRIMARY KEY (corp_id, export_id, n)
);
CREATE INDEX export_customer_of ON export_customer (corp_id, customer_id);
-- How many customers one person may take out in 24 hours alone. The newest row counts.
CREATE TABLE export_limit (
    corp_id TEXT    NOT NULL,
    id      BIGINT  NOT NULL,
    size    INTEGER NOT NULL,
    made_by TEXT    NOT NULL,
    made_at BIGINT  NOT NULL,
    PRIMARY KEY (corp_id, id)
);
-- Written assessments of the influence on people (LAW-17), kept for good: three years at least is what the law wants.
CREATE TABLE assessment (
    corp_id     TEXT   NOT NULL,
    id          BIGINT NOT NULL,
    number      TEXT   NOT NULL,
    title       TEXT   NOT NULL,
    kinds       TEXT   NOT NULL, -- JSON: sensitive, automated, entrusting, sharing, abroad
    aims        TEXT   NOT NULL, -- are aims and manner lawful, legitimate and necessary
    influence   TEXT   NOT NULL, -- on people's rights, and the risk
    measures    TEXT   NOT NULL, -- are they lawful, effective and fit for the risk
    assessor    TEXT   NOT NULL, -- who assessed
    assessed_at BIGINT NOT NULL,
    valid_until BIGINT NOT NULL, -- to be reviewed by then
    made_by     TEXT   NOT NULL,
    made_at     BIGINT NOT NULL,
    replaced_by BIGINT NOT NULL DEFAULT 0,
    ended_by    TEXT   NOT NULL DEFAULT '',
    ended_at    BIGINT NOT NULL DEFAULT 0, -- 0 = neither replaced nor withdrawn
    ended_why   TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX assessment_number ON assessment (corp_id, number);
-- Tags that a machine gives by its own judgement of people: a program with a token gave it, or a person said so.
CREATE TABLE automatic_tag (
    corp_id  TEXT   NOT NULL,
    id       BIGINT NOT NULL,
    tag_id   TEXT   NOT NULL,
    how      TEXT   NOT NULL, -- token, declared
    note     TEXT   NOT NULL DEFAULT '',
    made_by  TEXT   NOT NULL,
    made_at  BIGINT NOT NULL,
    ended_by TEXT   NOT NULL DEFAULT '',
    ended_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX automatic_tag_now ON automatic_tag (corp_id, tag_id) WHERE ended_at = 0;
ALTER TABLE broadcast ADD COLUMN assessments TEXT NOT NULL DEFAULT ''; -- numbers of those it was started on
ALTER TABLE moment ADD COLUMN assessments TEXT NOT NULL DEFAULT '';
-- Leaks of personal data (LAW-19). What is known grows: a row can be changed until it is closed, each change is in the audit.
CREATE TABLE incident (
    corp_id    TEXT    NOT NULL,
    id         BIGINT  NOT NULL,
    title      TEXT    NOT NULL,
    kind       TEXT    NOT NULL,             -- account, token, device, export, everything
    ref        TEXT    NOT NULL DEFAULT '',  -- of an account its name, of a token its name, of a device its member, of an export its id
    since      BIGINT  NOT NULL,             -- when the hole opened
    until      BIGINT  NOT NULL DEFAULT 0,   -- when it was closed; 0 = it is open
    found_at   BIGINT  NOT NULL,
    data_kinds TEXT    NOT NULL,
    cause      TEXT    NOT NULL,
    harm       TEXT    NOT NULL,
    remedies   TEXT    NOT NULL,
    advice     TEXT    NOT NULL,             -- what people can do themselves
    contact    TEXT    NOT NULL,             -- of the corp
    made_by    TEXT    NOT NULL,
    made_at    BIGINT  NOT NULL,
    changed_by TEXT    NOT NULL DEFAULT '',
    changed_at BIGINT  NOT NULL DEFAULT 0,
    PRIMARY KEY (corp_id, id)
);
CREATE TABLE incident_step (
    corp_id     TEXT    NOT NULL,
    id          BIGINT  NOT NULL,
    incident_id BIGINT  NOT NULL,
    kind        TEXT    NOT NULL,            -- remedied, authority, persons, untold, note
    note        TEXT    NOT NULL,
    affected    INTEGER NOT NULL DEFAULT 0,  -- how many the list held then
    done_at     BIGINT  NOT NULL,            -- as the person says
    made_by     TEXT    NOT NULL,
    made_at     BIGINT  NOT NULL,
    PRIMARY KEY (corp_id, id)
);
CREATE INDEX incident_step_of ON incident_step (corp_id, incident_id, id);

-- +goose Down
DROP TABLE incident_step;
DROP TABLE incident;
ALTER TABLE moment DROP COLUMN assessments;
ALTER TABLE broadcast DROP COLUMN assessments;
DROP TABLE automatic_tag;
DROP TABLE assessment;
DROP TABLE export_limit;
DROP TABLE export_customer;
DROP TABLE export;
DROP TABLE receiver_consent;
DROP TABLE receiver;
