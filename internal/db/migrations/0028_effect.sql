-- +goose Up
-- What customers said after a touch is looked up by person.
CREATE INDEX kf_message_customer ON kf_message (corp_id, customer_id, at) WHERE origin = 'customer';

-- +goose Down
DROP INDEX kf_message_customer;
