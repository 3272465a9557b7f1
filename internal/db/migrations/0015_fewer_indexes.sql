-- +goose Up
-- Work to be done at once has due_at = 0: it is read in order straight from the index, however much of it waits.
DROP INDEX work_open;
DROP INDEX work_due;
DROP INDEX work_order;
UPDATE work SET due_at = 0 WHERE state = 'pending' AND attempts = 0 AND due_at <= created_at;
CREATE INDEX work_open ON work (part, lane, due_at, urgent DESC, id) WHERE state = 'pending';
CREATE INDEX work_next ON work (due_at) WHERE state = 'pending' AND due_at > 0;
CREATE INDEX work_running ON work (part) WHERE state = 'running';
-- Only work that failed before holds back what came later for its order key.
CREATE INDEX work_failed ON work (corp_id, order_key, lane, id) WHERE state = 'pending' AND attempts > 0;
-- Intents of an order key that wait already.
CREATE INDEX work_waiting ON work (corp_id, order_key) WHERE state = 'pending' AND lane = 'intent';
-- Nearly all relations are live; what counts the lost ones says so.
DROP INDEX relation_lost;
CREATE INDEX relation_lost ON relation (corp_id, lost_at) WHERE NOT live;

-- +goose Down
DROP INDEX relation_lost;
CREATE INDEX relation_lost ON relation (corp_id, lost_at);
DROP INDEX work_waiting;
DROP INDEX work_failed;
DROP INDEX work_running;
DROP INDEX work_next;
DROP INDEX work_open;
CREATE INDEX work_open ON work (part, lane, due_at) WHERE state = 'pending';
CREATE INDEX work_due ON work (due_at) WHERE state IN ('pending', 'running');
CREATE INDEX work_order ON work (corp_id, order_key, lane, id) WHERE state = 'pending';
