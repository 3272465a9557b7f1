-- +goose Up
-- What messages carry beside their words: files that were uploaded once, and cards that were written once. A row does not change;
-- one that is not wanted any more is taken off the shelf and still goes out where it was chosen before.
CREATE TABLE material (
    corp_id     TEXT    NOT NULL,
    id          BIGINT  NOT NULL,
    kind        TEXT    NOT NULL,             -- image, video, file, link, miniprogram
    name        TEXT    NOT NULL,             -- of a file: what receivers see
    hash        TEXT    NOT NULL DEFAULT '',  -- of the content; of a mini program: its cover; of a link: ''
    type        TEXT    NOT NULL DEFAULT '',  -- media type
    size        BIGINT  NOT NULL DEFAULT 0,   -- bytes
    width       INTEGER NOT NULL DEFAULT 0,
    height      INTEGER NOT NULL DEFAULT 0,
    card        TEXT    NOT NULL DEFAULT '{}', -- JSON: what a link or a mini program says
    created_by  TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    removed_at  BIGINT  NOT NULL DEFAULT 0,
    media_id    TEXT    NOT NULL DEFAULT '',  -- WeCom's, for three days
    media_until BIGINT  NOT NULL DEFAULT 0,   -- when that ends
    PRIMARY KEY (corp_id, id)
);
CREATE INDEX material_shelf ON material (corp_id, kind, id) WHERE removed_at = 0;
CREATE UNIQUE INDEX material_once ON material (corp_id, kind, hash, name) WHERE removed_at = 0 AND kind IN ('image', 'video', 'file');

-- +goose Down
DROP TABLE material;
