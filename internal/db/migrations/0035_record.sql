-- +goose Up
-- What the corp has on record about itself. No row is changed: it is ended, and another one made, so that what was decided by it
-- can be decided again. A row holds for decisions whose id lies between its own and ended_id.
CREATE TABLE licence (
    corp_id     TEXT   NOT NULL,
    id          BIGINT NOT NULL,
    kind        TEXT   NOT NULL, -- identity, medical, finance, ... as the policy lists them
    holder      TEXT   NOT NULL, -- the name on the paper
    names       TEXT   NOT NULL, -- JSON: what else the holder calls itself
    number      TEXT   NOT NULL,
    issuer      TEXT   NOT NULL,
    valid_until BIGINT NOT NULL, -- when it ends; 0 = without an end
    note        TEXT   NOT NULL,
    made_by     TEXT   NOT NULL,
    made_at     BIGINT NOT NULL,
    ended_id    BIGINT NOT NULL DEFAULT 0, -- 0 = it holds
    ended_by    TEXT   NOT NULL DEFAULT '',
    ended_at    BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (corp_id, id)
);

-- Sites that the corp answers for: its own, and those of partners.
CREATE TABLE site (
    corp_id  TEXT   NOT NULL,
    id       BIGINT NOT NULL,
    host     TEXT   NOT NULL, -- in ASCII, lower case; what lies below it is meant too
    kind     TEXT   NOT NULL, -- own, trusted
    note     TEXT   NOT NULL,
    made_by  TEXT   NOT NULL,
    made_at  BIGINT NOT NULL,
    ended_id BIGINT NOT NULL DEFAULT 0,
    ended_by TEXT   NOT NULL DEFAULT '',
    ended_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (corp_id, id)
);

-- Penalties of WeChat against links to a site, as a person noted them with evidence.
CREATE TABLE site_penalty (
    corp_id     TEXT    NOT NULL,
    id          BIGINT  NOT NULL,
    host        TEXT    NOT NULL,
    at          BIGINT  NOT NULL, -- when WeChat acted
    evidence    TEXT    NOT NULL,
    evasion     BOOLEAN NOT NULL, -- other sites or accounts were used to get around it
    rung        INTEGER NOT NULL, -- which one of the host it is, from 1
    until       BIGINT  NOT NULL, -- links rest until then, or of the first one until it is repaired; 0 = for good
    made_by     TEXT    NOT NULL,
    made_at     BIGINT  NOT NULL,
    repaired_id BIGINT  NOT NULL DEFAULT 0, -- 0 = not yet
    repaired_by TEXT    NOT NULL DEFAULT '',
    repaired_at BIGINT  NOT NULL DEFAULT 0,
    repair      TEXT    NOT NULL DEFAULT '', -- what was done about it
    ended_id    BIGINT  NOT NULL DEFAULT 0,  -- noted by mistake
    ended_by    TEXT    NOT NULL DEFAULT '',
    ended_at    BIGINT  NOT NULL DEFAULT 0,
    PRIMARY KEY (corp_id, id)
);
CREATE INDEX site_penalty_host ON site_penalty (corp_id, host, id);

-- +goose Down
DROP TABLE site_penalty;
DROP TABLE site;
DROP TABLE licence;
