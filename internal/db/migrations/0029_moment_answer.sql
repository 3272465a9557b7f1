-- +goose Up
-- A customer's comment that waits for the member's answer. No call answers a comment: a person does, in WeCom.
CREATE TABLE moment_answer (
    corp_id  TEXT   NOT NULL,
    id       BIGINT NOT NULL,
    post_id  TEXT   NOT NULL,
    staff_id TEXT   NOT NULL, -- under whose publication it stands
    person   TEXT   NOT NULL, -- the customer
    at       BIGINT NOT NULL, -- when they commented
    done_at  BIGINT NOT NULL DEFAULT 0,
    done_by  TEXT   NOT NULL DEFAULT '', -- who put it aside; the member themselves when their answer was seen in WeCom
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX moment_answer_once ON moment_answer (corp_id, post_id, staff_id, person, at);
CREATE INDEX moment_answer_open ON moment_answer (corp_id, staff_id, at) WHERE done_at = 0;

-- Since when personal links to history pages that were sent before are void; customer_id = '' is everybody's.
CREATE TABLE moment_link (
    corp_id     TEXT   NOT NULL,
    customer_id TEXT   NOT NULL,
    revoked_at  BIGINT NOT NULL,
    PRIMARY KEY (corp_id, customer_id)
);

-- +goose Down
DROP TABLE moment_link;
DROP TABLE moment_answer;
