-- +goose Up
-- A member whose account WeCom or WeChat limits is stopped like anybody's sending, with a reason of its own (WC-13).
ALTER TABLE halt ADD COLUMN kind TEXT NOT NULL DEFAULT '';        -- limited; '' = somebody stopped it
ALTER TABLE halt ADD COLUMN code INTEGER NOT NULL DEFAULT 0;      -- WeCom's answer that told it; 0 = a person did
-- Codes of WeCom that mean "this member is limited", as the corp's owners saw them: no page of WeCom names one. No row is changed: it
-- is ended.
CREATE TABLE limited_code (
    corp_id  TEXT    NOT NULL,
    id       BIGINT  NOT NULL,
    code     INTEGER NOT NULL,
    note     TEXT    NOT NULL, -- where it was seen
    made_by  TEXT    NOT NULL,
    made_at  BIGINT  NOT NULL,
    ended_id BIGINT  NOT NULL DEFAULT 0, -- 0 = it holds
    ended_by TEXT    NOT NULL DEFAULT '',
    ended_at BIGINT  NOT NULL DEFAULT 0,
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX limited_code_in_force ON limited_code (corp_id, code) WHERE ended_id = 0;
-- What a member sent on their own, for how many of them begin a relation (ACC-12).
CREATE INDEX touch_own ON touch (corp_id, staff_id, delivered_at) WHERE seen_only;

-- +goose Down
DROP INDEX touch_own;
DROP TABLE limited_code;
ALTER TABLE halt DROP COLUMN code;
ALTER TABLE halt DROP COLUMN kind;
