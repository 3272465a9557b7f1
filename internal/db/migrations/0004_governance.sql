-- +goose Up
-- The touch ledger: one row for every time somebody wanted to reach a customer, also when it was held back.
CREATE TABLE touch (
    corp_id        TEXT    NOT NULL,
    id             BIGINT  NOT NULL,
    key            TEXT    NOT NULL, -- identity: (campaign, step, customer); the same key is the same touch
    customer_id    TEXT    NOT NULL DEFAULT '',
    chat_id        TEXT    NOT NULL DEFAULT '',
    staff_id       TEXT    NOT NULL DEFAULT '',
    channel        TEXT    NOT NULL, -- welcome, kf, mass_customer, mass_group, moment, group_welcome
    class          TEXT    NOT NULL, -- emergency, transactional, service, lifecycle, marketing
    topic          TEXT    NOT NULL DEFAULT '',
    campaign_id    TEXT    NOT NULL DEFAULT '',
    campaign_name  TEXT    NOT NULL DEFAULT '',
    texts          TEXT    NOT NULL DEFAULT '[]', -- JSON: every string of the message
    requested_by   TEXT    NOT NULL DEFAULT '',
    request_reason TEXT    NOT NULL DEFAULT '',
    state          TEXT    NOT NULL, -- held, reserved, tasked, delivered, committed, released
    late           BOOLEAN NOT NULL DEFAULT FALSE, -- reached the customer after an opt-out, a release or the window's end
    seen_only      BOOLEAN NOT NULL DEFAULT FALSE, -- made by a member outside of us, booked when seen
    cost           INTEGER NOT NULL DEFAULT 1,
    rule_id        TEXT    NOT NULL DEFAULT '', -- what held, deferred or released it
    reason_zh      TEXT    NOT NULL DEFAULT '',
    reason_en      TEXT    NOT NULL DEFAULT '',
    next_at        BIGINT  NOT NULL DEFAULT 0, -- when it may be possible at the earliest
    why            TEXT    NOT NULL DEFAULT '[]', -- JSON: the rules in the order they were read, with counters
    rule_version   TEXT    NOT NULL,
    task_id        TEXT    NOT NULL DEFAULT '', -- WeCom's id of the task or message
    reserved_at    BIGINT  NOT NULL, -- when it was decided, also for held ones
    earliest_at    BIGINT  NOT NULL, -- the earliest delivery the decision counted for
    expires_at     BIGINT  NOT NULL DEFAULT 0, -- a reservation that became no task by then is released
    tasked_at      BIGINT  NOT NULL DEFAULT 0,
    delivered_at   BIGINT  NOT NULL DEFAULT 0, -- when WeCom says the customer got it
    committed_at   BIGINT  NOT NULL DEFAULT 0, -- when we booked that
    released_at    BIGINT  NOT NULL DEFAULT 0,
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX touch_id ON touch (id);
CREATE UNIQUE INDEX touch_key ON touch (corp_id, key);
CREATE INDEX touch_customer ON touch (corp_id, customer_id, id);
CREATE INDEX touch_live ON touch (corp_id, customer_id, delivered_at)
    WHERE state IN ('reserved', 'tasked', 'delivered', 'committed');
CREATE INDEX touch_open ON touch (corp_id, expires_at) WHERE state = 'reserved';
CREATE INDEX touch_campaign ON touch (corp_id, campaign_id, state, id);
CREATE INDEX touch_task ON touch (corp_id, task_id) WHERE task_id <> '';
CREATE INDEX touch_state ON touch (corp_id, state, reserved_at);
CREATE INDEX touch_staff ON touch (corp_id, staff_id, id);

-- Customers who want no marketing. A row with lifted_at = 0 is in force; lifting needs the customer's own new consent.
CREATE TABLE optout (
    corp_id     TEXT   NOT NULL,
    id          BIGINT NOT NULL,
    customer_id TEXT   NOT NULL,
    since       BIGINT NOT NULL,
    via         TEXT   NOT NULL, -- page, keyword, staff, import
    by_whom     TEXT   NOT NULL, -- staff id, or 'customer'
    lifted_at   BIGINT NOT NULL DEFAULT 0,
    evidence    TEXT   NOT NULL DEFAULT '', -- of the new consent
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX optout_in_force ON optout (corp_id, customer_id) WHERE lifted_at = 0;
CREATE INDEX optout_customer ON optout (corp_id, customer_id, since);

-- The same persons under salted hashes of every id we knew of them: an import, a merge or a new relation does not forget.
CREATE TABLE suppression (
    corp_id TEXT   NOT NULL,
    hash    TEXT   NOT NULL,
    since   BIGINT NOT NULL,
    PRIMARY KEY (corp_id, hash)
);

-- Versions of the corp's own, tighter limits. The newest counts; older ones explain older decisions.
CREATE TABLE caps (
    corp_id TEXT    NOT NULL,
    version INTEGER NOT NULL,
    value   TEXT    NOT NULL, -- JSON
    set_at  BIGINT  NOT NULL,
    set_by  TEXT    NOT NULL,
    PRIMARY KEY (corp_id, version)
);

-- +goose Down
DROP TABLE caps;
DROP TABLE suppression;
DROP TABLE optout;
DROP TABLE touch;
