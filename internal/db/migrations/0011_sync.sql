-- +goose Up
CREATE TABLE sync_run (
    corp_id     TEXT NOT NULL,
    id          BIGINT NOT NULL,
    reason      TEXT NOT NULL, -- first, start, gap, clock, daily, asked
    state       TEXT NOT NULL, -- running, done, failed
    started_at  BIGINT NOT NULL,
    finished_at BIGINT NOT NULL DEFAULT 0,
    report      TEXT NOT NULL, -- JSON: parts, drift, errors
    PRIMARY KEY (corp_id, id)
);
CREATE INDEX sync_run_state ON sync_run (corp_id, state);
-- Which customers externalcontact/list named for a member: what the run expects to store.
CREATE TABLE sync_list (
    corp_id   TEXT NOT NULL,
    run_id    BIGINT NOT NULL,
    staff_id  TEXT NOT NULL,
    customers TEXT NOT NULL, -- JSON list of ids
    listed_at BIGINT NOT NULL,
    PRIMARY KEY (corp_id, run_id, staff_id)
);
-- How far the reading of details has come, by chunk of members: where a killed run goes on.
CREATE TABLE sync_chunk (
    corp_id TEXT NOT NULL,
    run_id  BIGINT NOT NULL,
    chunk   INTEGER NOT NULL,
    staff   TEXT NOT NULL,   -- JSON list of staff ids
    next    TEXT NOT NULL,   -- cursor
    done    BOOLEAN NOT NULL,
    PRIMARY KEY (corp_id, run_id, chunk)
);

-- +goose Down
DROP TABLE sync_chunk;
DROP TABLE sync_list;
DROP TABLE sync_run;
