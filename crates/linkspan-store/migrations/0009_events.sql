-- What happened besides changes of records. Positions are those of the change feed, so that one cursor orders both.

CREATE TABLE events (
    seq INTEGER PRIMARY KEY, -- @sqlite
    seq BIGINT NOT NULL PRIMARY KEY, -- @postgres
    kind TEXT NOT NULL,
    -- What it is about: an account, or all accounts of a source. Neither: the server itself.
    source_id BYTEA,
    account_id BYTEA,
    -- Figures and words of our own as JSON; never anything out of a record.
    details TEXT NOT NULL,
    at BIGINT NOT NULL
);

CREATE INDEX events_of_source ON events (source_id, seq) WHERE source_id IS NOT NULL;
CREATE INDEX events_of_account ON events (account_id, seq) WHERE account_id IS NOT NULL;
CREATE INDEX events_by_time ON events (at);

-- What was said about the reading of a source, so that it is said once.
CREATE TABLE sync_notices (
    source_id BYTEA NOT NULL PRIMARY KEY,
    started_at BIGINT,
    completed_at BIGINT,
    stalled_at BIGINT
);
