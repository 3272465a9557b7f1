-- +goose Up
-- What the corp tells its customers of their data (LAW-01): one notice after the other, none is changed. A version that asks again
-- says that purpose, manner or kind of data changed: what was consented to before it counts no longer (LAW-04).
CREATE TABLE privacy_notice (
    corp_id  TEXT    NOT NULL,
    id       BIGINT  NOT NULL,
    version  INTEGER NOT NULL, -- 1, 2, ...
    body     TEXT    NOT NULL, -- JSON: what people read, in both languages
    sha256   TEXT    NOT NULL, -- of body, in hex
    again    BOOLEAN NOT NULL, -- who was told before is asked again
    purposes TEXT    NOT NULL, -- JSON list of what it names, as in body
    changes  TEXT    NOT NULL, -- what changed, as a person wrote it down
    made_by  TEXT    NOT NULL,
    made_at  BIGINT  NOT NULL,
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX privacy_notice_version ON privacy_notice (corp_id, version);

-- A consent is to one purpose, and says what was read: the version of the notice and the digest of the sentence. Of a child it is the
-- guardian's (LAW-08).
ALTER TABLE consent ADD COLUMN purpose TEXT NOT NULL DEFAULT 'marketing'; -- marketing, lifecycle, traits
ALTER TABLE consent ADD COLUMN notice INTEGER NOT NULL DEFAULT 0;         -- version in force then; 0 = there was none
ALTER TABLE consent ADD COLUMN notice_sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE consent ADD COLUMN words_sha256 TEXT NOT NULL DEFAULT '';     -- '' = older than this column
ALTER TABLE consent ADD COLUMN own BOOLEAN NOT NULL DEFAULT TRUE;         -- false = a guardian's
ALTER TABLE consent ADD COLUMN guardian TEXT NOT NULL DEFAULT '';         -- who said so, and what they are to the child
DROP INDEX consent_in_force;
CREATE UNIQUE INDEX consent_in_force ON consent (corp_id, customer_id, purpose, own) WHERE ended_id = 0;

-- A member's mark that a customer is a minor (LAW-08). No row is changed but for its end. It holds for decisions whose id lies between
-- its own and ended_id.
CREATE TABLE age_mark (
    corp_id     TEXT   NOT NULL,
    id          BIGINT NOT NULL,
    customer_id TEXT   NOT NULL,
    age         TEXT   NOT NULL, -- under_14, under_18
    reason      TEXT   NOT NULL, -- how it is known
    set_by      TEXT   NOT NULL,
    set_at      BIGINT NOT NULL,
    ended_id    BIGINT NOT NULL DEFAULT 0, -- 0 = it holds
    ended_at    BIGINT NOT NULL DEFAULT 0,
    ended_by    TEXT   NOT NULL DEFAULT '',
    end_reason  TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX age_mark_in_force ON age_mark (corp_id, customer_id) WHERE ended_id = 0;
CREATE INDEX age_mark_customer ON age_mark (corp_id, customer_id, id);

-- When a channel code said that it is for service only (LAW-04): who came by it then was told of nothing else. Rows outlive the code.
CREATE TABLE contactway_service (
    corp_id  TEXT   NOT NULL,
    id       BIGINT NOT NULL,
    way_id   BIGINT NOT NULL,
    state    TEXT   NOT NULL, -- of the code
    since    BIGINT NOT NULL,
    until    BIGINT NOT NULL DEFAULT 0, -- 0 = it still does
    set_by   TEXT   NOT NULL,
    ended_by TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (corp_id, id)
);
CREATE INDEX contactway_service_state ON contactway_service (corp_id, state);
CREATE UNIQUE INDEX contactway_service_now ON contactway_service (corp_id, way_id) WHERE until = 0;

-- +goose Down
DROP TABLE contactway_service;
DROP TABLE age_mark;
DELETE FROM consent WHERE NOT own OR purpose <> 'marketing';
DROP INDEX consent_in_force;
CREATE UNIQUE INDEX consent_in_force ON consent (corp_id, customer_id) WHERE ended_id = 0;
ALTER TABLE consent DROP COLUMN guardian;
ALTER TABLE consent DROP COLUMN own;
ALTER TABLE consent DROP COLUMN words_sha256;
ALTER TABLE consent DROP COLUMN notice_sha256;
ALTER TABLE consent DROP COLUMN notice;
ALTER TABLE consent DROP COLUMN purpose;
DROP TABLE privacy_notice;
