-- What a person proved waits, where the vendor gets them back, until the vendor redeems the code that came with them.

ALTER TABLE identity_passes ADD COLUMN code BYTEA;
ALTER TABLE identity_passes ADD COLUMN code_expires_at BIGINT;
-- The proof that waits.
ALTER TABLE identity_passes ADD COLUMN account_id TEXT;
ALTER TABLE identity_passes ADD COLUMN email TEXT;
ALTER TABLE identity_passes ADD COLUMN email_verified BOOLEAN;
ALTER TABLE identity_passes ADD COLUMN told_at BIGINT;

CREATE UNIQUE INDEX identity_passes_by_code ON identity_passes (code) WHERE code IS NOT NULL;

-- Who confirmed that the account is the person's: `redirect`, the vendor in the person's session, or `page`, nobody.
ALTER TABLE identities ADD COLUMN confirmed_by TEXT NOT NULL DEFAULT 'page';
