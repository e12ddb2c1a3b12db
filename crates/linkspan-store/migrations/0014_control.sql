-- What the vendor wants of the reading of a source, and what is left of a linked account that was unlinked.

CREATE TABLE source_controls (
    source_id BYTEA NOT NULL PRIMARY KEY,
    -- Since when it is not to be read; none: it is.
    paused_at BIGINT,
    -- Its weight among the sources that share an app's points.
    weight BIGINT NOT NULL,
    -- How often it is read for changes, in seconds; none: as often as the server reads.
    sync_every BIGINT,
    -- How often streams on a clock of their own are read, in seconds, as a JSON object by stream.
    schedules TEXT NOT NULL
);

-- Nothing in a receipt says anything about a person or a site.
CREATE TABLE unlink_receipts (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL,
    integration TEXT NOT NULL,
    source_id BYTEA NOT NULL,
    -- When the account went, with its key, and the grant with its key if nothing else used it.
    unlinked_at BIGINT NOT NULL,
    grant_destroyed BOOLEAN NOT NULL,
    -- Another account reads the same source, which therefore stays.
    source_shared BOOLEAN NOT NULL,
    -- When everything read through the source was erased.
    erased_at BIGINT,
    -- Rows erased, as a JSON object by table.
    erased TEXT
);

CREATE INDEX unlink_receipts_of_account ON unlink_receipts (account_id);
CREATE INDEX unlink_receipts_open ON unlink_receipts (source_id) WHERE erased_at IS NULL;
CREATE INDEX unlink_receipts_listed ON unlink_receipts (unlinked_at, id);
