-- Personal data: which accounts are named where, what is owed to Atlassian about them, what was erased.

-- The accounts that are named in what is stored of a source. Written in the transaction that stores it.
CREATE TABLE source_accounts (
    source_id BYTEA NOT NULL,
    account_id TEXT NOT NULL, -- @sqlite
    account_id TEXT COLLATE "C" NOT NULL, -- @postgres
    -- When the oldest piece about the account was fetched, or earlier.
    fetched_at BIGINT NOT NULL,
    PRIMARY KEY (source_id, account_id)
)
WITHOUT ROWID -- @sqlite
;

CREATE INDEX source_accounts_by_account ON source_accounts (account_id, source_id, fetched_at);

-- The people of sources that were read before accounts were counted; nothing of theirs is older than the source.
INSERT INTO source_accounts (source_id, account_id, fetched_at)
    SELECT DISTINCT r.source_id, r.remote_id, s.created_at FROM records r JOIN sources s ON s.id = r.source_id
    WHERE r.model = 'user' AND r.remote_id IS NOT NULL AND r.remote_id <> 'unknown'
        AND length(r.remote_id) BETWEEN 1 AND 128;

-- Whether the row names an account that was erased, and does without what upstream said about it.
ALTER TABLE raws ADD COLUMN redacted BOOLEAN NOT NULL DEFAULT FALSE;

-- One row for each account that an app has to report, or must never report again.
CREATE TABLE account_reports (
    app_id BYTEA NOT NULL,
    account_id TEXT NOT NULL, -- @sqlite
    account_id TEXT COLLATE "C" NOT NULL, -- @postgres
    state TEXT NOT NULL,
    known_since BIGINT NOT NULL,
    reported_at BIGINT,
    -- Null: never again.
    due_at BIGINT,
    -- When what the state asks for is tried again.
    retry_at BIGINT,
    PRIMARY KEY (app_id, account_id)
)
WITHOUT ROWID -- @sqlite
;

CREATE INDEX account_reports_due ON account_reports (app_id, due_at, account_id) WHERE due_at IS NOT NULL;
CREATE INDEX account_reports_pending ON account_reports (app_id, state, account_id) WHERE state IN ('closed', 'updated');

-- How the reporting of an app stands.
CREATE TABLE report_cycles (
    app_id BYTEA NOT NULL PRIMARY KEY,
    cycle_seconds BIGINT NOT NULL,
    last_report_at BIGINT,
    not_before BIGINT,
    failures BIGINT NOT NULL,
    problem TEXT,
    lock_owner BYTEA,
    locked_until BIGINT
);

-- Receipts. They hold digests instead of account ids, and are kept. The number counts up in the order of commits.
CREATE TABLE erasures (
    no BIGINT NOT NULL PRIMARY KEY,
    app_id BYTEA NOT NULL,
    account BYTEA NOT NULL,
    told_at BIGINT NOT NULL,
    finished_at BIGINT,
    people BIGINT NOT NULL,
    raws BIGINT NOT NULL,
    texts BIGINT NOT NULL,
    group_members BIGINT NOT NULL,
    access_rules BIGINT NOT NULL,
    contacts BIGINT NOT NULL,
    UNIQUE (app_id, account)
);
