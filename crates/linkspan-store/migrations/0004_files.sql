-- The content of attachments: what is kept of it here, or why nothing is. The bytes lie in files named by their SHA-256.

CREATE TABLE files (
    source_id BYTEA NOT NULL,
    record_id BYTEA NOT NULL,
    state TEXT NOT NULL,
    -- Names the version of the content that the row is about; what is kept of another one is out of date.
    version TEXT NOT NULL,
    size BIGINT,
    sha256 BYTEA,
    reason TEXT,
    tries BIGINT NOT NULL,
    next_try_at BIGINT,
    fetched_at BIGINT,
    PRIMARY KEY (source_id, record_id)
)
WITHOUT ROWID -- @sqlite
;

CREATE INDEX files_due ON files (source_id, next_try_at, record_id) WHERE next_try_at IS NOT NULL;
CREATE INDEX files_by_content ON files (source_id, sha256) WHERE sha256 IS NOT NULL;
