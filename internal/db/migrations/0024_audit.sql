-- +goose Up
-- The audit log: who did, decided or read what. Rows are only ever added; the tree over them shows it.
CREATE TABLE audit_entry (
    corp_id      TEXT   NOT NULL,
    id           BIGINT NOT NULL,
    at           BIGINT NOT NULL, -- of the world's clock
    wall_at      BIGINT NOT NULL, -- of the machine's
    who          TEXT   NOT NULL, -- account, member, token:<name>, customer, system, command line
    act          TEXT   NOT NULL, -- caps.set, touch.decide, or the operation of the API
    subject_kind TEXT   NOT NULL DEFAULT '',
    subject_id   TEXT   NOT NULL DEFAULT '',
    detail       TEXT   NOT NULL DEFAULT '', -- JSON: numbers, ids, versions, hashes; nobody's words
    request_id   TEXT   NOT NULL DEFAULT '',
    touches      TEXT   NOT NULL DEFAULT '', -- base64: id, revision and digest of each row of the ledger it speaks of
    leaf         BIGINT NOT NULL DEFAULT -1, -- its place in the tree; -1 = it waits for one
    PRIMARY KEY (corp_id, id)
);
CREATE INDEX audit_entry_waiting ON audit_entry (corp_id, id) WHERE leaf = -1;
CREATE UNIQUE INDEX audit_entry_leaf ON audit_entry (corp_id, leaf) WHERE leaf >= 0;
CREATE INDEX audit_entry_subject ON audit_entry (corp_id, subject_kind, subject_id, id);
CREATE INDEX audit_entry_who ON audit_entry (corp_id, who, id);
CREATE INDEX audit_entry_act ON audit_entry (corp_id, act, id);
CREATE INDEX audit_entry_at ON audit_entry (corp_id, at, id);

-- The hashes of the Merkle tree, as golang.org/x/mod/sumdb/tlog numbers them.
CREATE TABLE audit_hash (
    corp_id TEXT   NOT NULL,
    idx     BIGINT NOT NULL,
    hash    TEXT   NOT NULL, -- base64
    PRIMARY KEY (corp_id, idx)
);

-- Signed tree heads: the last of each hour.
CREATE TABLE audit_head (
    corp_id TEXT   NOT NULL,
    hour    BIGINT NOT NULL, -- since 1970, of the machine's clock
    size    BIGINT NOT NULL, -- leaves
    note    TEXT   NOT NULL, -- a signed note, as golang.org/x/mod/sumdb/note writes it
    PRIMARY KEY (corp_id, hour)
);

-- Each row of the ledger counts its changes and names the entry that logged its decision.
ALTER TABLE touch ADD COLUMN rev INTEGER NOT NULL DEFAULT 0;
ALTER TABLE touch ADD COLUMN entry_id BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE touch DROP COLUMN entry_id;
ALTER TABLE touch DROP COLUMN rev;
DROP TABLE audit_head;
DROP TABLE audit_hash;
DROP TABLE audit_entry;
