-- Who follows the change feed with a cursor that is kept here.

CREATE TABLE followers (
    name TEXT NOT NULL PRIMARY KEY,
    -- Only what happens in this linked account; none: everything.
    account_id BYTEA,
    -- Only these models, as a JSON list; empty: all.
    models TEXT NOT NULL,
    -- The last position that was acknowledged.
    position BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    acknowledged_at BIGINT
);

CREATE INDEX followers_of_account ON followers (account_id) WHERE account_id IS NOT NULL;
