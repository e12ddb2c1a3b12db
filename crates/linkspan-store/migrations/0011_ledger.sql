-- Why records are absent, and the ledger: what upstream has, what is here, and when that was compared.

-- `removed`, `trashed`, `archived` or `lost_access`; NULL while upstream lists the record. `deleted` follows from it:
-- what is archived is not deleted.
ALTER TABLE records ADD COLUMN absence TEXT;
ALTER TABLE records ADD COLUMN absent_since BIGINT;
UPDATE records SET absence = 'removed', absent_since = modified_at WHERE deleted = TRUE;

-- What lies in a container and belongs to no other record, in the order of ids: tickets and articles.
CREATE INDEX records_in_container ON records (source_id, container, model, deleted, id, absence)
    WHERE parent IS NULL AND container IS NOT NULL;
-- What is kept for a while only.
CREATE INDEX records_kept ON records (source_id, absent_since, id) WHERE absence = 'lost_access';

ALTER TABLE changes ADD COLUMN absence TEXT;

-- One row for each container of a source and each model that is counted in it.
CREATE TABLE ledger (
    source_id BYTEA NOT NULL,
    -- The record of the project or space.
    container BYTEA NOT NULL,
    model TEXT NOT NULL,
    -- Upstream's id of it.
    remote_id TEXT NOT NULL,
    -- `listed`, `archived`, `trashed`, `lost_access`, `removed`, or `unreachable` while the reach is in doubt.
    state TEXT NOT NULL,
    -- How many upstream had when last asked, and how many were here then.
    upstream BIGINT,
    stored BIGINT,
    -- What the latest whole walk left between the two: what upstream counts is approximate.
    difference BIGINT,
    -- When counts were last compared, and when ids last were.
    looked_at BIGINT,
    walked_at BIGINT,
    -- Everything that upstream had at this moment is here.
    fresh_at BIGINT,
    -- When somebody asked for a walk that did not take place yet.
    requested_at BIGINT,
    -- What the latest walk found and repaired, and what all walks did: JSON, kind to count.
    found TEXT NOT NULL,
    repaired TEXT NOT NULL,
    -- How the latest walk or look ended, in words.
    outcome TEXT,
    -- Since when a second walk is wanted before anything is removed.
    suspected_at BIGINT,
    -- The walk that is under way: JSON of the engine's own making.
    walk TEXT,
    PRIMARY KEY (source_id, container, model)
)
WITHOUT ROWID -- @sqlite
;

-- The ids that the walk under way has met, page by page: eight bytes each, the highest byte first.
CREATE TABLE census_pages (
    source_id BYTEA NOT NULL,
    container BYTEA NOT NULL,
    model TEXT NOT NULL,
    page BIGINT NOT NULL,
    ids BYTEA NOT NULL,
    PRIMARY KEY (source_id, container, model, page)
)
WITHOUT ROWID -- @sqlite
;

-- Records that whole walks did not meet, and that are kept until a later walk says the same.
CREATE TABLE suspects (
    source_id BYTEA NOT NULL,
    container BYTEA NOT NULL,
    record_id BYTEA NOT NULL,
    -- Since which walk.
    since BIGINT NOT NULL,
    PRIMARY KEY (source_id, container, record_id)
)
WITHOUT ROWID -- @sqlite
;

-- Whether the account behind a grant suddenly sees much less than before.
CREATE TABLE reaches (
    source_id BYTEA NOT NULL PRIMARY KEY,
    -- How many containers it saw before, and how many of them it does not see now.
    known BIGINT NOT NULL,
    missing BIGINT NOT NULL,
    -- Since when; NULL while the reach is whole.
    reduced_at BIGINT,
    -- When somebody accepted the new reach.
    accepted_at BIGINT
);
