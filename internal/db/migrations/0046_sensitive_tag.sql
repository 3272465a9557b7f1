-- +goose Up
-- Why the corp keeps a tag whose name tells sensitive data, and the separate consent by which it may choose audiences (LAW-07). A row
-- holds for the name of then: a tag that is renamed needs another one. No row is changed: it is ended.
CREATE TABLE sensitive_tag (
    corp_id  TEXT   NOT NULL,
    id       BIGINT NOT NULL,
    tag_id   TEXT   NOT NULL,
    name     TEXT   NOT NULL, -- of its group and its own
    kind     TEXT   NOT NULL, -- need (why it was made or renamed), consent
    reason   TEXT   NOT NULL,
    made_by  TEXT   NOT NULL,
    made_at  BIGINT NOT NULL,
    ended_by TEXT   NOT NULL DEFAULT '',
    ended_at BIGINT NOT NULL DEFAULT 0, -- 0 = it holds
    PRIMARY KEY (corp_id, id)
);
CREATE INDEX sensitive_tag_of ON sensitive_tag (corp_id, tag_id, kind) WHERE ended_at = 0;

-- +goose Down
DROP TABLE sensitive_tag;
