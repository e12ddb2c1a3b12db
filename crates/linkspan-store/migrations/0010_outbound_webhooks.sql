-- Addresses of the vendor's to which events are sent, and what is on its way to them. Deliveries hold ids alone: what is
-- sent is read from the records when it is sent.

CREATE TABLE webhook_endpoints (
    id BYTEA NOT NULL PRIMARY KEY,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    -- Lists as JSON; none of accounts or integrations: all.
    events TEXT NOT NULL,
    accounts TEXT,
    integrations TEXT,
    format TEXT NOT NULL,
    state TEXT NOT NULL,
    disabled_reason TEXT,
    disabled_at BIGINT,
    -- Entries of the feed up to here are not for this endpoint.
    starts_after BIGINT NOT NULL,
    -- Attempts that failed since the last success, when that began, and until when the endpoint is left alone.
    failures BIGINT NOT NULL,
    failing_since BIGINT,
    rests_until BIGINT,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL
);

CREATE TABLE webhook_secrets (
    id BYTEA NOT NULL PRIMARY KEY,
    endpoint_id BYTEA NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    -- None: the present one.
    expires_at BIGINT
);

CREATE INDEX webhook_secrets_of_endpoint ON webhook_secrets (endpoint_id, created_at);

CREATE TABLE webhook_deliveries (
    id BYTEA NOT NULL PRIMARY KEY,
    endpoint_id BYTEA NOT NULL,
    event_id BYTEA NOT NULL,
    position BIGINT NOT NULL,
    event TEXT NOT NULL,
    account_id BYTEA,
    source_id BYTEA,
    model TEXT,
    record_id BYTEA,
    -- Deliveries of one lane go out in the order of their positions.
    lane BYTEA NOT NULL,
    state TEXT NOT NULL,
    -- Attempts since it was last put on its way, and all of them.
    tries BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT,
    claim BYTEA,
    claimed_until BIGINT,
    reason TEXT,
    happened_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);

-- By state, so that what is on its way is found among all that was delivered, in the order in which it goes out.
CREATE INDEX webhook_deliveries_by_state ON webhook_deliveries (endpoint_id, state, position, id);
CREATE INDEX webhook_deliveries_lanes ON webhook_deliveries (endpoint_id, lane, position) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_listed ON webhook_deliveries (endpoint_id, position, id);
CREATE INDEX webhook_deliveries_of_account ON webhook_deliveries (account_id, id) WHERE account_id IS NOT NULL;
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at, id);

CREATE TABLE webhook_attempts (
    delivery_id BYTEA NOT NULL,
    no BIGINT NOT NULL,
    at BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    status BIGINT,
    -- Why it failed, in words of our own, and the beginning of what the endpoint answered.
    error TEXT,
    response TEXT,
    PRIMARY KEY (delivery_id, no)
);

-- One row: up to here the feed was turned into deliveries.
CREATE TABLE webhook_cursor (
    position BIGINT NOT NULL
);

INSERT INTO webhook_cursor (position) SELECT COALESCE(MAX(seq), 0) FROM changes;
