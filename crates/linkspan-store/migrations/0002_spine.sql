-- What was read from customers' sites. Every key begins with the source.

-- Bodies are kept as they are served, so that a list is an index range and a copy of bytes.
CREATE TABLE records (
    source_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    -- Numbers the records of a source in the order in which they were first stored. Ids are hashes, so what is stored
    -- together lies apart in an index of ids; under numbers it lies together.
    no BIGINT NOT NULL,
    model TEXT NOT NULL,
    hash BYTEA NOT NULL,
    deleted BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    remote_id TEXT,
    parent BYTEA,
    container BYTEA,
    remote_created_at BIGINT,
    remote_updated_at BIGINT,
    body TEXT NOT NULL,
    PRIMARY KEY (source_id, id)
);

-- The order of lists. The last two columns let counts and the views of some projects read the index alone.
CREATE INDEX records_listed ON records (source_id, model, modified_at, id, deleted, container);
-- In the order in which children are listed, and covering the search for children that are gone.
CREATE INDEX records_children ON records (source_id, parent, model, modified_at, id, deleted) WHERE parent IS NOT NULL;

CREATE TABLE raws (
    source_id BYTEA NOT NULL,
    kind TEXT NOT NULL, -- @sqlite
    kind TEXT COLLATE "C" NOT NULL, -- @postgres
    remote_id TEXT NOT NULL, -- @sqlite
    remote_id TEXT COLLATE "C" NOT NULL, -- @postgres
    hash BYTEA NOT NULL,
    record BYTEA,
    -- Whether the record is not known to have the raw's upstream id, by which it could be found from the record.
    loose BOOLEAN NOT NULL,
    path TEXT NOT NULL,
    problem TEXT,
    stored_at BIGINT NOT NULL,
    -- One byte that names the encoding, then the JSON in it.
    body BYTEA NOT NULL,
    PRIMARY KEY (source_id, remote_id, kind)
);

CREATE INDEX raws_loose ON raws (source_id, record) WHERE loose = TRUE;

CREATE TABLE access_rules (
    source_id BYTEA NOT NULL,
    key BYTEA NOT NULL,
    rule TEXT NOT NULL,
    PRIMARY KEY (source_id, key)
)
WITHOUT ROWID -- @sqlite
;

-- Who may see the record with this number. Guarded without a rule: unknown, so nobody may see the record.
CREATE TABLE record_access (
    source_id BYTEA NOT NULL,
    no BIGINT NOT NULL,
    guarded BOOLEAN NOT NULL,
    rule BYTEA,
    PRIMARY KEY (source_id, no)
)
WITHOUT ROWID -- @sqlite
;

CREATE TABLE group_members (
    source_id BYTEA NOT NULL,
    group_id TEXT NOT NULL, -- @sqlite
    group_id TEXT COLLATE "C" NOT NULL, -- @postgres
    account_id TEXT NOT NULL, -- @sqlite
    account_id TEXT COLLATE "C" NOT NULL, -- @postgres
    PRIMARY KEY (source_id, group_id, account_id)
)
WITHOUT ROWID -- @sqlite
;

CREATE INDEX group_members_by_account ON group_members (source_id, account_id, group_id);

CREATE TABLE streams (
    source_id BYTEA NOT NULL,
    stream TEXT NOT NULL, -- @sqlite
    stream TEXT COLLATE "C" NOT NULL, -- @postgres
    state TEXT,
    phase TEXT NOT NULL,
    items_done BIGINT NOT NULL,
    items_expected BIGINT,
    started_at BIGINT,
    finished_at BIGINT,
    last_error TEXT,
    last_success_at BIGINT,
    PRIMARY KEY (source_id, stream)
)
WITHOUT ROWID -- @sqlite
;

CREATE TABLE changes (
    seq INTEGER PRIMARY KEY, -- @sqlite
    seq BIGINT NOT NULL, -- @postgres
    source_id BYTEA NOT NULL,
    model TEXT NOT NULL,
    record_id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    at BIGINT NOT NULL
    , PRIMARY KEY (source_id, seq) -- @postgres
);

CREATE INDEX changes_of_source ON changes (source_id, seq); -- @sqlite
CREATE INDEX changes_of_all ON changes (seq); -- @postgres

-- One row. SQLite: the last position of the feed. PostgreSQL: what is added to transaction ids (see db/dialect.rs).
CREATE TABLE feed (
    position BIGINT NOT NULL
);

INSERT INTO feed (position) VALUES (0);
