-- +goose Up
-- A customer is a person (external_userid). A relation is that person with one member of staff.
CREATE TABLE customer (
    corp_id   TEXT NOT NULL,
    id        TEXT NOT NULL,
    name      TEXT NOT NULL DEFAULT '',
    avatar    TEXT NOT NULL DEFAULT '',
    gender    INTEGER NOT NULL DEFAULT 0, -- WeCom's: 0 unknown, 1 male, 2 female
    kind      TEXT NOT NULL DEFAULT '',   -- wechat, wecom
    corp_name TEXT NOT NULL DEFAULT '',
    unionid   TEXT NOT NULL DEFAULT '',
    live      BOOLEAN NOT NULL,           -- has a live relation
    added_at  BIGINT NOT NULL,            -- first relation ever
    lost_at   BIGINT NOT NULL DEFAULT 0,  -- when the last live relation ended
    known_at  BIGINT NOT NULL DEFAULT 0,  -- when the details were read last; 0 = only the event is known
    PRIMARY KEY (corp_id, id)
);
CREATE INDEX customer_added ON customer (corp_id, live, added_at, id);
CREATE INDEX customer_name ON customer (corp_id, live, name, id);

CREATE TABLE relation (
    corp_id     TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    staff_id    TEXT NOT NULL,
    live        BOOLEAN NOT NULL,
    remark      TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    added_at    BIGINT NOT NULL,
    add_way     INTEGER NOT NULL DEFAULT -1, -- WeCom's add_way; -1 = not told yet
    state       TEXT NOT NULL DEFAULT '',    -- the state of the channel code
    lost_at     BIGINT NOT NULL DEFAULT 0,
    lost_by     TEXT NOT NULL DEFAULT '',    -- customer, staff, unknown (found by a sync)
    known_at    BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (corp_id, customer_id, staff_id)
);
CREATE INDEX relation_staff ON relation (corp_id, staff_id, live, customer_id);
CREATE INDEX relation_state ON relation (corp_id, state, live);
CREATE INDEX relation_added ON relation (corp_id, added_at);
CREATE INDEX relation_lost ON relation (corp_id, lost_at);

CREATE TABLE tag_group (
    corp_id TEXT NOT NULL,
    id      TEXT NOT NULL,
    name    TEXT NOT NULL,
    rank    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (corp_id, id)
);
CREATE TABLE tag (
    corp_id  TEXT NOT NULL,
    id       TEXT NOT NULL,
    group_id TEXT NOT NULL,
    name     TEXT NOT NULL,
    rank     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (corp_id, id)
);
CREATE TABLE relation_tag (
    corp_id     TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    staff_id    TEXT NOT NULL,
    tag_id      TEXT NOT NULL,
    PRIMARY KEY (corp_id, customer_id, staff_id, tag_id)
);
CREATE INDEX relation_tag_tag ON relation_tag (corp_id, tag_id, customer_id);

-- What happened with a customer, as the timeline tells it.
CREATE TABLE timeline (
    corp_id     TEXT NOT NULL,
    id          BIGINT NOT NULL,
    customer_id TEXT NOT NULL,
    at          BIGINT NOT NULL,
    kind        TEXT NOT NULL, -- added, lost, joined_group, left_group, touch, optout, ...
    actor       TEXT NOT NULL DEFAULT '', -- staff id, or '' for the customer
    detail      TEXT NOT NULL DEFAULT '', -- a name or a word, never a customer's words
    ref         TEXT NOT NULL DEFAULT '', -- id of the touch, group, session it is about
    PRIMARY KEY (corp_id, id)
);
CREATE INDEX timeline_customer ON timeline (corp_id, customer_id, at, id);

-- +goose Down
DROP TABLE timeline;
DROP TABLE relation_tag;
DROP TABLE tag;
DROP TABLE tag_group;
DROP TABLE relation;
DROP TABLE customer;
