-- Control tables: the vendor's own and those of the link flow.
-- A line that ends in `-- @sqlite` or `-- @postgres` is for that engine only.

CREATE TABLE apps (
    id BYTEA NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL UNIQUE,
    client_secret BYTEA NOT NULL,
    redirect_uri TEXT NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
    digest BYTEA NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    last_four TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE TABLE server_secrets (
    name TEXT NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

-- One per grant and linked account; the row is deleted when the customer unlinks.
CREATE TABLE data_keys (
    owner BYTEA NOT NULL PRIMARY KEY,
    wrapped BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE grants (
    id BYTEA NOT NULL PRIMARY KEY,
    app_id BYTEA NOT NULL,
    atlassian_account_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    tokens BYTEA NOT NULL,
    access_expires_at BIGINT NOT NULL,
    refreshed_at BIGINT NOT NULL,
    scopes TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    lock_owner BYTEA,
    locked_until BIGINT,
    created_at BIGINT NOT NULL
);

CREATE INDEX grants_of_account ON grants (app_id, atlassian_account_id);

CREATE TABLE sources (
    id BYTEA NOT NULL PRIMARY KEY,
    grant_id BYTEA NOT NULL,
    cloud_id TEXT NOT NULL,
    product TEXT NOT NULL,
    site_name TEXT NOT NULL,
    site_url TEXT NOT NULL,
    scopes TEXT NOT NULL,
    state TEXT NOT NULL,
    -- The latest modified_at given to a record of the source.
    clock BIGINT NOT NULL,
    -- The latest number given to a record of the source.
    last_no BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX sources_of_grant ON sources (grant_id);

CREATE TABLE linked_accounts (
    id BYTEA NOT NULL PRIMARY KEY,
    integration TEXT NOT NULL,
    origin_id TEXT NOT NULL,
    organization_name TEXT NOT NULL,
    email_address TEXT NOT NULL,
    source_id BYTEA NOT NULL,
    token_digest BYTEA NOT NULL UNIQUE,
    token_sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    completed_at BIGINT NOT NULL,
    UNIQUE (origin_id, integration)
);

CREATE INDEX linked_accounts_of_source ON linked_accounts (source_id);
CREATE INDEX linked_accounts_listed ON linked_accounts (created_at, id);

CREATE TABLE links (
    id BYTEA NOT NULL PRIMARY KEY,
    token BYTEA NOT NULL UNIQUE,
    app_id BYTEA NOT NULL,
    integration TEXT,
    categories TEXT NOT NULL,
    origin_id TEXT NOT NULL,
    organization_name TEXT NOT NULL,
    email_address TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    chosen TEXT,
    oauth_state BYTEA UNIQUE,
    state_expires_at BIGINT,
    browser BYTEA,
    grant_id BYTEA,
    account_id BYTEA,
    reason TEXT,
    public_token BYTEA UNIQUE,
    public_token_expires_at BIGINT,
    public_token_uses BIGINT NOT NULL DEFAULT 0
);

CREATE INDEX links_expiring ON links (expires_at);
