-- +goose Up
-- Texts that a person looks at: those that wait for it, service texts that were flagged, and a sample of what passed.
CREATE TABLE review (
    corp_id    TEXT    NOT NULL,
    id         BIGINT  NOT NULL,
    noun       TEXT    NOT NULL, -- broadcast, moment, welcome, autoreply, kf
    ref        TEXT    NOT NULL, -- id of it
    title      TEXT    NOT NULL,
    class      TEXT    NOT NULL,
    channel    TEXT    NOT NULL,
    author     TEXT    NOT NULL,
    texts      TEXT    NOT NULL, -- JSON of the fields
    findings   TEXT    NOT NULL, -- JSON, as the rules of that version said
    version    TEXT    NOT NULL,
    cause      TEXT    NOT NULL, -- words, size, ladder, flagged, sample
    held       BOOLEAN NOT NULL, -- it waits for the decision
    harm       INTEGER NOT NULL,
    audience   INTEGER NOT NULL,
    at         BIGINT  NOT NULL,
    state      TEXT    NOT NULL, -- open, second, passed, returned, withdrawn
    label      TEXT    NOT NULL DEFAULT '', -- what it is, as an example to learn from
    note       TEXT    NOT NULL DEFAULT '',
    grave      BOOLEAN NOT NULL DEFAULT FALSE,
    by_whom    TEXT    NOT NULL DEFAULT '',
    decided_at BIGINT  NOT NULL DEFAULT 0,
    second_by  TEXT    NOT NULL DEFAULT '', -- who agreed, or did not, that it is grave
    second_at  BIGINT  NOT NULL DEFAULT 0,
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX review_open ON review (corp_id, noun, ref) WHERE state = 'open';
CREATE INDEX review_state ON review (corp_id, state, decided_at);

-- A Moment waits for a second person as a mass message does.
ALTER TABLE moment ADD COLUMN approval TEXT NOT NULL DEFAULT '';    -- why: size, words, ladder; empty = nobody has to
ALTER TABLE moment ADD COLUMN reach INTEGER NOT NULL DEFAULT 0;     -- reachable when it was submitted
ALTER TABLE moment ADD COLUMN reviewed_by TEXT NOT NULL DEFAULT ''; -- who approved it or gave it back
ALTER TABLE moment ADD COLUMN reviewed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE moment ADD COLUMN review_note TEXT NOT NULL DEFAULT ''; -- why it was given back

-- Rules of the corp's own, each version kept. They only make a decision stricter.
CREATE TABLE house_rule (
    corp_id    TEXT    NOT NULL,
    id         BIGINT  NOT NULL,
    version    INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    expression TEXT    NOT NULL,
    action     TEXT    NOT NULL, -- warn, review, block
    reason     TEXT    NOT NULL, -- what its author reads
    enabled    BOOLEAN NOT NULL,
    made_by    TEXT    NOT NULL,
    made_at    BIGINT  NOT NULL,
    deleted    BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (corp_id, id, version)
);

-- +goose Down
DROP TABLE house_rule;
ALTER TABLE moment DROP COLUMN review_note;
ALTER TABLE moment DROP COLUMN reviewed_at;
ALTER TABLE moment DROP COLUMN reviewed_by;
ALTER TABLE moment DROP COLUMN reach;
ALTER TABLE moment DROP COLUMN approval;
DROP TABLE review;
