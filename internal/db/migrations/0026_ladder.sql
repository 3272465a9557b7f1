-- +goose Up
-- What speaks against somebody: a refused text, too many Moments in a day, a campaign that people leave.
CREATE TABLE ladder_hit (
    corp_id     TEXT    NOT NULL,
    id          BIGINT  NOT NULL,
    key         TEXT    NOT NULL, -- the same thing on one day is one hit
    at          BIGINT  NOT NULL,
    subject     TEXT    NOT NULL, -- staff, campaign, corp
    subject_id  TEXT    NOT NULL,
    weight      INTEGER NOT NULL, -- 1 refused, 2 refused and the sender with it
    rule_id     TEXT    NOT NULL,
    campaign_id TEXT    NOT NULL DEFAULT '',
    text        TEXT    NOT NULL DEFAULT '', -- the words or numbers that were found
    removed_at  BIGINT  NOT NULL DEFAULT 0,  -- by an appeal
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX ladder_hit_key ON ladder_hit (corp_id, key);
CREATE INDEX ladder_hit_subject ON ladder_hit (corp_id, subject, subject_id, at);

-- One step taken on the ladder. A row with ended_at = 0 is the one that counts for its subject.
CREATE TABLE ladder (
    corp_id       TEXT    NOT NULL,
    id            BIGINT  NOT NULL,
    subject       TEXT    NOT NULL,
    subject_id    TEXT    NOT NULL,
    title         TEXT    NOT NULL DEFAULT '', -- name of a campaign
    author        TEXT    NOT NULL DEFAULT '', -- of a campaign: who is concerned
    rung          INTEGER NOT NULL, -- 1 notice, 2 cool, 3 pause, 4 suspend, 5 stop
    state         TEXT    NOT NULL, -- proposed (the last rung waits for a second person, and holds already), in_force, ended
    rules         TEXT    NOT NULL, -- JSON of rule ids
    hits          TEXT    NOT NULL, -- JSON of hit ids
    reason        TEXT    NOT NULL DEFAULT '', -- of a person
    by_whom       TEXT    NOT NULL, -- ladder, or a person
    since         BIGINT  NOT NULL,
    until         BIGINT  NOT NULL, -- when its effect ends; 0 = a person ends it. From rung 4 on: before which nobody lets go on
    confirmed_by  TEXT    NOT NULL DEFAULT '',
    confirmed_at  BIGINT  NOT NULL DEFAULT 0,
    resume_by     TEXT    NOT NULL DEFAULT '', -- the first of two who want to end rung 5
    appeal        TEXT    NOT NULL DEFAULT '',
    appealed_by   TEXT    NOT NULL DEFAULT '',
    appealed_at   BIGINT  NOT NULL DEFAULT 0,
    decision      TEXT    NOT NULL DEFAULT '', -- upheld, denied
    decided_by    TEXT    NOT NULL DEFAULT '',
    decided_at    BIGINT  NOT NULL DEFAULT 0,
    decision_note TEXT    NOT NULL DEFAULT '',
    ended_at      BIGINT  NOT NULL DEFAULT 0,
    ended_by      TEXT    NOT NULL DEFAULT '',
    ended_why     TEXT    NOT NULL DEFAULT '', -- replaced, appeal, resumed, rejected
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX ladder_in_force ON ladder (corp_id, subject, subject_id) WHERE ended_at = 0;
CREATE INDEX ladder_since ON ladder (corp_id, since);

-- +goose Down
DROP TABLE ladder;
DROP TABLE ladder_hit;
