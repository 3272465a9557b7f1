-- +goose Up
-- Words that were found to be fraud, as evidence (LAW-35). No program deletes or changes what was found; the audit log has the hash of
-- the words, so that a row changed or taken away by hand shows.
CREATE TABLE fraud_case (
    corp_id     TEXT   NOT NULL,
    id          BIGINT NOT NULL,
    campaign_id TEXT   NOT NULL, -- broadcast/1, moment/1, welcome/1 ...; empty = they were kept nowhere
    title       TEXT   NOT NULL,
    author      TEXT   NOT NULL, -- who wanted to say them
    source      TEXT   NOT NULL, -- guard = a content rule refused them, review = a person said so
    words       TEXT   NOT NULL, -- JSON of the fields
    findings    TEXT   NOT NULL, -- JSON: rule, field, place and words of each
    version     TEXT   NOT NULL, -- of the rules that read them
    found_by    TEXT   NOT NULL, -- the reviewer; empty = the rules
    found_at    BIGINT NOT NULL,
    digest      TEXT   NOT NULL, -- SHA-256 of all of the above but time and id, in hex
    step_id     BIGINT NOT NULL, -- of the ladder: what freezes the campaign; 0 = nothing was there to freeze
    state       TEXT   NOT NULL, -- open, confirmed, mistaken
    decided_by  TEXT   NOT NULL DEFAULT '',
    decided_at  BIGINT NOT NULL DEFAULT 0,
    note        TEXT   NOT NULL DEFAULT '', -- what was done: who was warned, to whom it was reported
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX fraud_case_digest ON fraud_case (corp_id, digest);
CREATE INDEX fraud_case_open ON fraud_case (corp_id, state, id);

-- +goose Down
DROP TABLE fraud_case;
