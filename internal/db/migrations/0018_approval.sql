-- +goose Up
-- What a mass message needs before it starts: its use for the customer, a time, and for large or doubtful ones a second person.
ALTER TABLE broadcast ADD COLUMN benefit TEXT NOT NULL DEFAULT '';     -- what the customer has of it
ALTER TABLE broadcast ADD COLUMN send_at BIGINT NOT NULL DEFAULT 0;    -- not before; 0 = as soon as sending hours allow
ALTER TABLE broadcast ADD COLUMN cost INTEGER NOT NULL DEFAULT 1;      -- what it takes of each budget: a send to nearly all takes 2
ALTER TABLE broadcast ADD COLUMN approval TEXT NOT NULL DEFAULT '';    -- why a second person looks: size, words; empty = nobody has to
ALTER TABLE broadcast ADD COLUMN reviewed_by TEXT NOT NULL DEFAULT ''; -- who approved it or gave it back
ALTER TABLE broadcast ADD COLUMN reviewed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE broadcast ADD COLUMN review_note TEXT NOT NULL DEFAULT ''; -- why it was given back

-- +goose Down
ALTER TABLE broadcast DROP COLUMN review_note;
ALTER TABLE broadcast DROP COLUMN reviewed_at;
ALTER TABLE broadcast DROP COLUMN reviewed_by;
ALTER TABLE broadcast DROP COLUMN approval;
ALTER TABLE broadcast DROP COLUMN cost;
ALTER TABLE broadcast DROP COLUMN send_at;
ALTER TABLE broadcast DROP COLUMN benefit;
