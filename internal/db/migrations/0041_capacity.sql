-- +goose Up
-- How many customers there may be, where the corp was granted other numbers than a new one has (WC-10).
CREATE TABLE staff_capacity (
    corp_id TEXT    NOT NULL PRIMARY KEY,
    corp    INTEGER NOT NULL, -- relations of the whole corp
    member  INTEGER NOT NULL, -- of any one member
    set_by  TEXT    NOT NULL,
    set_at  BIGINT  NOT NULL
);
ALTER TABLE contactway ADD COLUMN passed TEXT NOT NULL DEFAULT '[]'; -- JSON list: its members whom WeCom's code leaves out, being full

-- +goose Down
ALTER TABLE contactway DROP COLUMN passed;
DROP TABLE staff_capacity;
