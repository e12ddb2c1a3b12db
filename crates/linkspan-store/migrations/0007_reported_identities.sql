-- People who proved who they are get reported to Atlassian too.

-- Since when what is held of the account is what Atlassian told: at its latest proof, or when it was blanked.
ALTER TABLE identities ADD COLUMN fetched_at BIGINT NOT NULL DEFAULT 0;
UPDATE identities SET fetched_at = proven_at;

-- Compared with the accounts of sources and of reports, by index.
ALTER TABLE identities ALTER COLUMN account_id TYPE TEXT COLLATE "C"; -- @postgres

-- Which app reports the people who consented to an app: that app need not be able to.
CREATE TABLE identity_reporters (
    app_id BYTEA NOT NULL PRIMARY KEY,
    reporter_id BYTEA NOT NULL
);
