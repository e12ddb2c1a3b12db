-- Apps by integration, access to the set-up pages, and people who proved who they are.

-- Which app serves what: `all`, the slug of an integration, or `identity`.
CREATE TABLE app_assignments (
    purpose TEXT NOT NULL PRIMARY KEY,
    app_id BYTEA NOT NULL,
    assigned_at BIGINT NOT NULL
);

-- Until now the app registered last served everything.
INSERT INTO app_assignments (purpose, app_id, assigned_at)
    SELECT 'all', id, modified_at FROM apps ORDER BY created_at DESC, id DESC LIMIT 1;

-- Tokens of set-up addresses, each good for one exchange, and of the sessions they are exchanged for.
CREATE TABLE setup_tokens (
    digest BYTEA NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- Passes through the identity page.
CREATE TABLE identity_passes (
    id BYTEA NOT NULL PRIMARY KEY,
    token BYTEA NOT NULL UNIQUE,
    app_id BYTEA NOT NULL,
    reference TEXT NOT NULL,
    redirect_uri TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    oauth_state BYTEA UNIQUE,
    state_expires_at BIGINT,
    browser BYTEA
);

CREATE INDEX identity_passes_expiring ON identity_passes (expires_at);

-- Who proved to be which Atlassian account, for one person of the vendor's. The e-mail address is what the latest proof
-- of the account told; it may be hidden.
CREATE TABLE identities (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    reference TEXT NOT NULL,
    app_id BYTEA NOT NULL,
    email TEXT,
    -- For comparing.
    email_folded TEXT,
    -- As Atlassian told it; NULL where it did not.
    email_verified BOOLEAN,
    created_at BIGINT NOT NULL,
    proven_at BIGINT NOT NULL,
    -- Since when the e-mail address belongs to another account.
    superseded_at BIGINT,
    UNIQUE (account_id, reference)
);

CREATE INDEX identities_by_email ON identities (email_folded);
CREATE INDEX identities_by_reference ON identities (reference);
CREATE INDEX identities_listed ON identities (created_at, id);
