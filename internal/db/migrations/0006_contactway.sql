-- +goose Up
CREATE TABLE contactway (
    corp_id     TEXT NOT NULL,
    id          BIGINT NOT NULL,
    config_id   TEXT NOT NULL,            -- WeCom's id
    name        TEXT NOT NULL,
    state       TEXT NOT NULL,            -- comes back with every customer who scans
    staff       TEXT NOT NULL,            -- JSON list of staff ids
    departments TEXT NOT NULL,            -- JSON list of department ids
    skip_verify BOOLEAN NOT NULL,
    remark      TEXT NOT NULL,
    qr_code     TEXT NOT NULL,            -- URL of WeCom's picture
    tags        TEXT NOT NULL,            -- JSON list of tag ids given to whoever comes this way
    enabled     BOOLEAN NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (corp_id, id)
);
CREATE UNIQUE INDEX contactway_config ON contactway (corp_id, config_id);
CREATE INDEX contactway_state ON contactway (corp_id, state);

-- +goose Down
DROP TABLE contactway;
