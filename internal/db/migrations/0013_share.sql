-- +goose Up
-- What each node may use of a limit that all nodes of a corp keep together. One row a node that asked lately.
CREATE TABLE share (
    corp_id TEXT NOT NULL,
    family  TEXT NOT NULL,    -- which limit: in-flight, rate
    node    TEXT NOT NULL,
    held    INTEGER NOT NULL, -- units nobody else may be given: granted, or still busy above that
    until   BIGINT NOT NULL,  -- wall time, ms: lapses then
    PRIMARY KEY (corp_id, family, node)
);

-- +goose Down
DROP TABLE share;
