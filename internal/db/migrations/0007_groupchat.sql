-- +goose Up
CREATE TABLE groupchat (
    corp_id      TEXT    NOT NULL,
    id           TEXT    NOT NULL, -- chat_id
    name         TEXT    NOT NULL DEFAULT '',
    owner_id     TEXT    NOT NULL DEFAULT '',
    notice       TEXT    NOT NULL DEFAULT '',
    state        TEXT    NOT NULL, -- live, dismissed
    members      INTEGER NOT NULL DEFAULT 0,
    customers    INTEGER NOT NULL DEFAULT 0,
    version      TEXT    NOT NULL DEFAULT '', -- WeCom's member_version
    created_at   BIGINT  NOT NULL DEFAULT 0,
    dismissed_at BIGINT  NOT NULL DEFAULT 0,
    read_at      BIGINT  NOT NULL DEFAULT 0, -- when its members were read last; 0 = only its id is known
    PRIMARY KEY (corp_id, id)
);
CREATE INDEX groupchat_owner ON groupchat (corp_id, owner_id);

CREATE TABLE groupchat_member (
    corp_id    TEXT    NOT NULL,
    chat_id    TEXT    NOT NULL,
    id         TEXT    NOT NULL, -- staff id or external_userid
    kind       TEXT    NOT NULL, -- staff, customer
    name       TEXT    NOT NULL DEFAULT '',
    joined_at  BIGINT  NOT NULL,
    join_scene INTEGER NOT NULL DEFAULT 0, -- WeCom's: 1 invited, 2 by invitation link, 3 scanned a code
    invitor_id TEXT    NOT NULL DEFAULT '',
    state      TEXT    NOT NULL DEFAULT '', -- of the group code used
    PRIMARY KEY (corp_id, chat_id, id)
);
CREATE INDEX groupchat_member_person ON groupchat_member (corp_id, id);

-- Every join and leave that was seen. A chat's first reading writes none: nobody joined by our learning of it.
CREATE TABLE groupchat_move (
    corp_id   TEXT   NOT NULL,
    id        BIGINT NOT NULL,
    chat_id   TEXT   NOT NULL,
    member_id TEXT   NOT NULL,
    kind      TEXT   NOT NULL, -- staff, customer
    what      TEXT   NOT NULL, -- join, leave
    at        BIGINT NOT NULL, -- join: told by WeCom; leave: when it was seen
    state     TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX groupchat_move_once ON groupchat_move (corp_id, chat_id, member_id, what, at);
CREATE INDEX groupchat_move_at ON groupchat_move (corp_id, at);

CREATE TABLE joinway (
    corp_id          TEXT    NOT NULL,
    id               BIGINT  NOT NULL,
    config_id        TEXT    NOT NULL, -- WeCom's id
    name             TEXT    NOT NULL,
    remark           TEXT    NOT NULL DEFAULT '',
    state            TEXT    NOT NULL, -- comes back with every member who came this way
    page             TEXT    NOT NULL, -- last part of the public page's address
    auto_create_room BOOLEAN NOT NULL,
    room_base_name   TEXT    NOT NULL DEFAULT '',
    room_base_id     INTEGER NOT NULL DEFAULT 0,
    qr_code          TEXT    NOT NULL, -- URL of WeCom's picture
    picture          TEXT    NOT NULL DEFAULT '', -- the picture itself, base64; empty = not read yet
    picture_type     TEXT    NOT NULL DEFAULT '',
    joined           BIGINT  NOT NULL DEFAULT 0,
    created_at       BIGINT  NOT NULL,
    updated_at       BIGINT  NOT NULL,
    deleted_at       BIGINT  NOT NULL DEFAULT 0, -- kept: those who came this way keep their source
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX joinway_config ON joinway (corp_id, config_id);
CREATE UNIQUE INDEX joinway_state ON joinway (corp_id, state);
CREATE UNIQUE INDEX joinway_page ON joinway (page);

CREATE TABLE joinway_room (
    corp_id    TEXT    NOT NULL,
    joinway_id BIGINT  NOT NULL,
    chat_id    TEXT    NOT NULL,
    position   INTEGER NOT NULL, -- WeCom fills the rooms in this order
    made       BOOLEAN NOT NULL DEFAULT FALSE, -- made by WeCom because the others were full
    PRIMARY KEY (corp_id, joinway_id, chat_id)
);

-- A customer whom an answer in kf showed the way; a join of the same person soon after is its result.
CREATE TABLE joinway_ask (
    corp_id     TEXT   NOT NULL,
    joinway_id  BIGINT NOT NULL,
    customer_id TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    via         TEXT   NOT NULL, -- kf
    PRIMARY KEY (corp_id, joinway_id, customer_id)
);

CREATE TABLE joinway_join (
    corp_id     TEXT   NOT NULL,
    joinway_id  BIGINT NOT NULL,
    chat_id     TEXT   NOT NULL,
    customer_id TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    via         TEXT   NOT NULL DEFAULT '', -- what had shown the way, as far as we know
    PRIMARY KEY (corp_id, joinway_id, chat_id, customer_id, at)
);

-- +goose Down
DROP TABLE joinway_join;
DROP TABLE joinway_ask;
DROP TABLE joinway_room;
DROP TABLE joinway;
DROP TABLE groupchat_move;
DROP TABLE groupchat_member;
DROP TABLE groupchat;
