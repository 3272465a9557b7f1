-- +goose Up
-- What the corp answered when it was asked what it is for. The newest version counts; older ones stay.
CREATE TABLE admission (
    corp_id   TEXT    NOT NULL,
    version   INTEGER NOT NULL,
    form      INTEGER NOT NULL, -- version of the questions
    answers   TEXT    NOT NULL, -- JSON: by question, true = we do that
    standards TEXT    NOT NULL, -- JSON: ids of standards of its own that the corp took on
    at        BIGINT  NOT NULL,
    by_whom   TEXT    NOT NULL,
    demo      BOOLEAN NOT NULL DEFAULT FALSE, -- answered by a demonstration, by nobody
    PRIMARY KEY (corp_id, version)
);

-- +goose Down
DROP TABLE admission;
