-- +goose Up
-- A customer's own consent to marketing (LAW-21). No row is changed but for its end, and none is deleted: it is the evidence. A row holds
-- for decisions whose id lies between its own and ended_id.
CREATE TABLE consent (
    corp_id     TEXT    NOT NULL,
    id          BIGINT  NOT NULL,
    customer_id TEXT    NOT NULL,
    given_at    BIGINT  NOT NULL,
    via         TEXT    NOT NULL, -- page, staff
    by_whom     TEXT    NOT NULL, -- staff id, or 'customer'
    wording     INTEGER NOT NULL, -- version of the sentence on the page; 0 = as a person wrote it down
    words       TEXT    NOT NULL, -- the sentence they saw, or where and how they said so
    ended_id    BIGINT  NOT NULL DEFAULT 0, -- 0 = it holds
    ended_at    BIGINT  NOT NULL DEFAULT 0,
    ended_by    TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX consent_in_force ON consent (corp_id, customer_id) WHERE ended_id = 0;
CREATE INDEX consent_customer ON consent (corp_id, customer_id, id);
-- Whoever resumed after a stop, and has not said stop again, gave their own new consent then.
INSERT INTO consent (corp_id, id, customer_id, given_at, via, by_whom, wording, words)
SELECT o.corp_id, o.id, o.customer_id, o.lifted_at, CASE WHEN o.evidence LIKE 'customer: %' THEN 'page' ELSE 'staff' END,
    CASE WHEN o.evidence LIKE 'customer: %' THEN 'customer' ELSE '' END, 0, o.evidence
FROM optout AS o
WHERE o.lifted_at <> 0 AND NOT EXISTS (SELECT 1 FROM optout AS n WHERE n.corp_id = o.corp_id AND n.customer_id = o.customer_id AND n.id > o.id);

-- +goose Down
DROP TABLE consent;
