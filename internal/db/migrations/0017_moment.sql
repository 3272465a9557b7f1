-- +goose Up
-- Content of files, for nodes that lack it in their data directory (PostgreSQL only; see internal/blob).
CREATE TABLE blob (
    hash    TEXT   NOT NULL PRIMARY KEY,
    content BYTEA  NOT NULL,
    made_at BIGINT NOT NULL
);

-- A Moment that we plan: members are asked to publish it to those of their customers who carry its tag.
CREATE TABLE moment (
    corp_id      TEXT    NOT NULL,
    id           BIGINT  NOT NULL,
    name         TEXT    NOT NULL,
    text         TEXT    NOT NULL,
    parts        TEXT    NOT NULL DEFAULT '[]', -- JSON: pictures, a film or a link
    audience     TEXT    NOT NULL,              -- JSON
    audience_key TEXT    NOT NULL DEFAULT '',   -- whose tag it uses; '' = everybody
    topic        TEXT    NOT NULL DEFAULT '',
    state        TEXT    NOT NULL, -- draft, scheduled, preparing, making, open, done, cancelled, failed
    created_by   TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL,
    updated_at   BIGINT  NOT NULL,
    submitted_by TEXT    NOT NULL DEFAULT '',
    submitted_at BIGINT  NOT NULL DEFAULT 0,
    publish_at   BIGINT  NOT NULL DEFAULT 0, -- as wished; 0 = as soon as sending is allowed
    opens_at     BIGINT  NOT NULL DEFAULT 0,
    closes_at    BIGINT  NOT NULL DEFAULT 0, -- when it is cancelled for members who have not published: the end of sending hours
    ended_at     BIGINT  NOT NULL DEFAULT 0,
    tag_id       TEXT    NOT NULL DEFAULT '',
    job_id       TEXT    NOT NULL DEFAULT '',
    post_id      TEXT    NOT NULL DEFAULT '', -- WeCom's moment_id
    error        TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (corp_id, id)
);
CREATE INDEX moment_state ON moment (corp_id, state, opens_at);
CREATE INDEX moment_opens ON moment (corp_id, opens_at);
CREATE UNIQUE INDEX moment_post_of ON moment (corp_id, post_id) WHERE post_id <> '';

-- What it asks of one member.
CREATE TABLE moment_task (
    corp_id      TEXT    NOT NULL,
    moment_id    BIGINT  NOT NULL,
    staff_id     TEXT    NOT NULL,
    state        TEXT    NOT NULL, -- open, published, cancelled
    customers    INTEGER NOT NULL,
    published_at BIGINT  NOT NULL DEFAULT 0, -- when we saw it: WeCom tells no time
    reminders    TEXT    NOT NULL DEFAULT '[]', -- JSON: when the member was reminded
    PRIMARY KEY (corp_id, moment_id, staff_id)
);
CREATE INDEX moment_task_staff ON moment_task (corp_id, staff_id, moment_id);

-- Whom it was meant for, and what became of each. The ledger's row is touch_id.
CREATE TABLE moment_receiver (
    corp_id     TEXT    NOT NULL,
    moment_id   BIGINT  NOT NULL,
    customer_id TEXT    NOT NULL,
    staff_id    TEXT    NOT NULL,
    touch_id    BIGINT  NOT NULL DEFAULT 0,
    planned     BOOLEAN NOT NULL DEFAULT TRUE, -- FALSE: saw it although it was not aimed at them
    state       TEXT    NOT NULL, -- matched, held, reserved, tasked, delivered, unpublished, not_shown, not_friend, cancelled, failed
    late        BOOLEAN NOT NULL DEFAULT FALSE,
    rule_id     TEXT    NOT NULL DEFAULT '',
    reason_zh   TEXT    NOT NULL DEFAULT '',
    reason_en   TEXT    NOT NULL DEFAULT '',
    next_at     BIGINT  NOT NULL DEFAULT 0,
    sent_at     BIGINT  NOT NULL DEFAULT 0,
    PRIMARY KEY (corp_id, moment_id, customer_id)
);
CREATE INDEX moment_receiver_state ON moment_receiver (corp_id, moment_id, state, customer_id);
CREATE INDEX moment_receiver_customer ON moment_receiver (corp_id, customer_id, state);

-- The corp tag that carries an audience: those of it who want marketing.
CREATE TABLE moment_tag (
    corp_id      TEXT NOT NULL,
    audience_key TEXT NOT NULL,
    tag_id       TEXT NOT NULL,
    PRIMARY KEY (corp_id, audience_key)
);
CREATE INDEX moment_tag_id ON moment_tag (corp_id, tag_id);

-- Our own copy of every Moment of the corp, those of members' own too.
CREATE TABLE moment_post (
    corp_id    TEXT    NOT NULL,
    id         TEXT    NOT NULL, -- WeCom's moment_id
    moment_id  BIGINT  NOT NULL DEFAULT 0, -- 0 = not planned here
    creator    TEXT    NOT NULL DEFAULT '', -- the member; '' = the corp's
    made_at    BIGINT  NOT NULL,
    open       BOOLEAN NOT NULL, -- meant for everybody; else only for those in moment_aim
    text       TEXT    NOT NULL DEFAULT '',
    topics     TEXT    NOT NULL DEFAULT '', -- each on a line of its own, with a line end before and after
    link_title TEXT    NOT NULL DEFAULT '',
    link_url   TEXT    NOT NULL DEFAULT '',
    place      TEXT    NOT NULL DEFAULT '',
    missed     INTEGER NOT NULL DEFAULT 0, -- readings in a row that did not list it
    hidden_at  BIGINT  NOT NULL DEFAULT 0, -- since when it is deleted
    known_at   BIGINT  NOT NULL,
    PRIMARY KEY (corp_id, id)
);
CREATE INDEX moment_post_made ON moment_post (corp_id, hidden_at, made_at, id);

CREATE TABLE moment_media (
    corp_id  TEXT    NOT NULL,
    post_id  TEXT    NOT NULL,
    n        INTEGER NOT NULL,
    kind     TEXT    NOT NULL, -- image, video, cover
    media_id TEXT    NOT NULL, -- WeCom's
    hash     TEXT    NOT NULL DEFAULT '', -- '' = not fetched
    type     TEXT    NOT NULL DEFAULT '',
    width    INTEGER NOT NULL DEFAULT 0, -- 0 = not known
    height   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (corp_id, post_id, n)
);
CREATE INDEX moment_media_hash ON moment_media (corp_id, hash);

-- Who published it. read_at is when its range and its viewers were read.
CREATE TABLE moment_author (
    corp_id  TEXT   NOT NULL,
    post_id  TEXT   NOT NULL,
    staff_id TEXT   NOT NULL,
    read_at  BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (corp_id, post_id, staff_id)
);
CREATE INDEX moment_author_staff ON moment_author (corp_id, staff_id, post_id);

-- Whom a Moment that is not for everybody was meant for.
CREATE TABLE moment_aim (
    corp_id     TEXT NOT NULL,
    post_id     TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    PRIMARY KEY (corp_id, post_id, customer_id)
);
CREATE INDEX moment_aim_customer ON moment_aim (corp_id, customer_id);

-- Likes and comments: who and when. WeCom does not tell the words.
CREATE TABLE moment_echo (
    corp_id  TEXT    NOT NULL,
    post_id  TEXT    NOT NULL,
    staff_id TEXT    NOT NULL, -- whose publication
    kind     TEXT    NOT NULL, -- like, comment
    person   TEXT    NOT NULL, -- customer or member
    by_staff BOOLEAN NOT NULL,
    at       BIGINT  NOT NULL,
    PRIMARY KEY (corp_id, post_id, staff_id, kind, person, at)
);

-- The open pages that show the history, one for the brand and one for each member who has one.
CREATE TABLE moment_page (
    corp_id   TEXT   NOT NULL,
    slug      TEXT   NOT NULL,
    staff_id  TEXT   NOT NULL, -- '' = the brand's
    title     TEXT   NOT NULL,
    opened_at BIGINT NOT NULL,
    opened_by TEXT   NOT NULL,
    closed_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (corp_id, slug)
);
CREATE UNIQUE INDEX moment_page_staff ON moment_page (corp_id, staff_id);

-- +goose Down
DROP TABLE moment_page;
DROP TABLE moment_echo;
DROP TABLE moment_aim;
DROP TABLE moment_author;
DROP TABLE moment_media;
DROP TABLE moment_post;
DROP TABLE moment_tag;
DROP TABLE moment_receiver;
DROP TABLE moment_task;
DROP TABLE moment;
DROP TABLE blob;
