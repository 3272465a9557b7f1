-- +goose Up
-- Words that many touches share, the message and the reasons of a verdict, stand once: the touch names them by "@" and their hash.
CREATE TABLE touch_words (
    corp_id TEXT NOT NULL,
    hash    TEXT NOT NULL, -- base64 of the first half of the SHA-256 of words
    words   TEXT NOT NULL, -- JSON, as touch.texts or touch.why
    PRIMARY KEY (corp_id, hash)
);

-- What a member has to do on a day is counted only of members who have a limit: a message to everybody wrote a page of this
-- index for each customer.
ALTER TABLE touch ADD COLUMN unbound BOOLEAN NOT NULL DEFAULT FALSE; -- its sender had no limit of a day: nobody counts it by the day
DROP INDEX touch_staff_day;
CREATE INDEX touch_staff_day ON touch (corp_id, staff_id, earliest_at) WHERE channel = 'mass_customer' AND NOT unbound;

-- One index tells of a customer: their touches in order, and what fills their windows without a look at the rows.
DROP INDEX touch_live;
DROP INDEX touch_customer;
CREATE INDEX touch_customer ON touch (corp_id, customer_id, id, state, delivered_at, cost, class, channel, topic);
-- By state only what was held back is counted, and what waits for the morning.
DROP INDEX touch_state;
CREATE INDEX touch_held ON touch (corp_id, reserved_at) WHERE state = 'held';
CREATE INDEX touch_waiting ON touch (corp_id, reserved_at) WHERE state = 'reserved' AND rule_id = 'FTG-05';

-- +goose Down
DROP INDEX touch_waiting;
DROP INDEX touch_held;
CREATE INDEX touch_state ON touch (corp_id, state, reserved_at);
DROP INDEX touch_customer;
CREATE INDEX touch_customer ON touch (corp_id, customer_id, id);
CREATE INDEX touch_live ON touch (corp_id, customer_id, delivered_at, cost, class, channel, topic, id)
    WHERE state IN ('reserved', 'tasked', 'delivered', 'committed');
DROP INDEX touch_staff_day;
CREATE INDEX touch_staff_day ON touch (corp_id, staff_id, earliest_at)
    WHERE channel = 'mass_customer' AND state IN ('reserved', 'tasked', 'delivered', 'committed');
ALTER TABLE touch DROP COLUMN unbound;
UPDATE touch SET texts = (SELECT w.words FROM touch_words AS w WHERE w.corp_id = touch.corp_id AND '@' || w.hash = touch.texts) WHERE texts LIKE '@%';
UPDATE touch SET why = (SELECT w.words FROM touch_words AS w WHERE w.corp_id = touch.corp_id AND '@' || w.hash = touch.why) WHERE why LIKE '@%';
DROP TABLE touch_words;
