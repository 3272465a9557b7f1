-- +goose Up
-- A customer can refuse to be chosen by what is known of them (LAW-12); the ledger says of which touches somebody was.
ALTER TABLE preference ADD COLUMN no_traits BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE touch ADD COLUMN traits BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE touch DROP COLUMN traits;
ALTER TABLE preference DROP COLUMN no_traits;
