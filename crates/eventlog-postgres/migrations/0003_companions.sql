-- What is durable beside the log.

-- Sealed keys. Rows are added and destroyed, never changed.
CREATE TABLE keys (
    id uuid PRIMARY KEY,
    purpose text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    generation bigint NOT NULL,
    created_at_millis bigint NOT NULL,
    sealed bytea NOT NULL,
    UNIQUE (purpose, owner, generation)
);

-- Sealed records that are worth nothing after minutes.
CREATE TABLE expiring_records (
    bucket text COLLATE "C" NOT NULL,
    key bytea NOT NULL,
    value bytea NOT NULL,
    expires_at_millis bigint NOT NULL,
    PRIMARY KEY (bucket, key)
);
CREATE INDEX expiring_records_by_expiry ON expiring_records (expires_at_millis);

-- The bounded trace of sign-ins.
CREATE TABLE sign_ins (
    id uuid PRIMARY KEY,
    organization uuid,
    connection uuid,
    reason text COLLATE "C" NOT NULL,
    at_millis bigint NOT NULL,
    expires_at_millis bigint NOT NULL,
    document text NOT NULL
);
-- A connection that is not known is a family of its own in the pruning, and NULL is not found by an index on equality.
CREATE INDEX sign_ins_by_connection
    ON sign_ins (coalesce(connection, '00000000-0000-0000-0000-000000000000'), reason, at_millis, id);
CREATE INDEX sign_ins_by_organization ON sign_ins (organization, at_millis, id);
CREATE INDEX sign_ins_by_time ON sign_ins (at_millis, id);
CREATE INDEX sign_ins_by_expiry ON sign_ins (expires_at_millis);
