-- Being told of changes: what deliveries of upstream point at, and how each source's registrations stand.

-- While the secret of an app is replaced, deliveries come signed with either.
ALTER TABLE apps ADD COLUMN previous_secret BYTEA;
ALTER TABLE apps ADD COLUMN previous_until BIGINT;

-- Things to look at again. One row for each, however often it was pointed at.
CREATE TABLE hints (
    source_id BYTEA NOT NULL,
    kind TEXT NOT NULL, -- @sqlite
    kind TEXT COLLATE "C" NOT NULL, -- @postgres
    remote_id TEXT NOT NULL, -- @sqlite
    remote_id TEXT COLLATE "C" NOT NULL, -- @postgres
    -- A delivery said that it was deleted.
    gone BOOLEAN NOT NULL,
    -- Grows with each delivery: whoever has looked takes away only what had come by then.
    stamp BIGINT NOT NULL,
    hinted_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    PRIMARY KEY (source_id, kind, remote_id)
)
WITHOUT ROWID -- @sqlite
;

CREATE INDEX hints_due ON hints (source_id, due_at);

-- Deliveries that were taken in, by a hash of site and identifier: upstream repeats them.
CREATE TABLE seen_deliveries (
    app_id BYTEA NOT NULL,
    digest BYTEA NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (app_id, digest)
)
WITHOUT ROWID -- @sqlite
;

CREATE INDEX seen_deliveries_old ON seen_deliveries (seen_at);

-- How a source learns of changes.
CREATE TABLE live_sources (
    source_id BYTEA NOT NULL PRIMARY KEY,
    -- What is registered upstream, as JSON of the engine's own making.
    registered TEXT NOT NULL,
    -- When the first of the registrations ends.
    expires_at BIGINT,
    problem TEXT,
    failures BIGINT NOT NULL,
    checked_at BIGINT,
    check_at BIGINT NOT NULL,
    delivered_at BIGINT,
    deliveries BIGINT NOT NULL,
    -- When a reading last found a change of which no delivery had told, and how many it found since then.
    missed_at BIGINT,
    missed BIGINT NOT NULL
);

-- Deliveries name their site by its address.
CREATE INDEX sources_at ON sources (site_url);
