-- +goose Up
-- What stands between a customer and marketing for a while: an open complaint, a refund, a conversation that went badly
-- (FTG-15). Rows stay: they explain older decisions.
CREATE TABLE grievance (
    corp_id     TEXT   NOT NULL,
    id          BIGINT NOT NULL,
    customer_id TEXT   NOT NULL,
    kind        TEXT   NOT NULL,            -- complaint, refund, upset
    ref         TEXT   NOT NULL DEFAULT '', -- its number elsewhere, such as an order; the same one is opened once
    note        TEXT   NOT NULL,            -- what it is about, as a person wrote it
    since       BIGINT NOT NULL,
    by_whom     TEXT   NOT NULL,
    ended_at    BIGINT NOT NULL DEFAULT 0,  -- 0 = open
    ended_by    TEXT   NOT NULL DEFAULT '',
    outcome     TEXT   NOT NULL DEFAULT '', -- how it ended, as a person wrote it
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX grievance_open ON grievance (corp_id, customer_id, kind, ref) WHERE ended_at = 0;
CREATE INDEX grievance_customer ON grievance (corp_id, customer_id, ended_at);

-- How long a customer has not reacted (FTG-13): one row a customer, begun anew by each act of their own.
CREATE TABLE silence (
    corp_id     TEXT    NOT NULL,
    customer_id TEXT    NOT NULL,
    acted_at    BIGINT  NOT NULL DEFAULT 0,  -- the last thing they did by themselves; 0 = nothing is known
    act         TEXT    NOT NULL DEFAULT '', -- added, wrote, joined, reacted, chose, replied, bought, visited
    since       BIGINT  NOT NULL DEFAULT 0,  -- the first message they got after that; 0 = none
    touches     INTEGER NOT NULL DEFAULT 0,  -- how many since
    winback_at  BIGINT  NOT NULL DEFAULT 0,  -- when the one last question reached them
    PRIMARY KEY (corp_id, customer_id)
);

-- The zone a customer lives in, where somebody knows it (FTG-05). The row with replaced_at = 0 is in force; an empty zone says
-- that it is not known any more.
CREATE TABLE customer_zone (
    corp_id     TEXT   NOT NULL,
    id          BIGINT NOT NULL,
    customer_id TEXT   NOT NULL,
    zone        TEXT   NOT NULL, -- IANA name
    via         TEXT   NOT NULL, -- staff, import, tag
    by_whom     TEXT   NOT NULL,
    set_at      BIGINT NOT NULL,
    replaced_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX customer_zone_in_force ON customer_zone (corp_id, customer_id) WHERE replaced_at = 0;

-- What a touch says, as 64 bits that differ little where texts do (FTG-14); 0 = nothing to compare. winback: it is the one last
-- question to somebody who has been silent.
ALTER TABLE touch ADD COLUMN print BIGINT NOT NULL DEFAULT 0;
ALTER TABLE touch ADD COLUMN winback BOOLEAN NOT NULL DEFAULT FALSE;
DROP INDEX touch_customer;
CREATE INDEX touch_customer ON touch (corp_id, customer_id, id, state, delivered_at, cost, class, channel, topic, print, winback);
ALTER TABLE broadcast ADD COLUMN winback BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE broadcast DROP COLUMN winback;
DROP INDEX touch_customer;
CREATE INDEX touch_customer ON touch (corp_id, customer_id, id, state, delivered_at, cost, class, channel, topic);
ALTER TABLE touch DROP COLUMN winback;
ALTER TABLE touch DROP COLUMN print;
DROP TABLE customer_zone;
DROP TABLE silence;
DROP TABLE grievance;
