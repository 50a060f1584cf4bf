-- What is durable beside the log.

-- Sealed keys. Rows are added and destroyed, never changed.
CREATE TABLE keys (
    id BLOB PRIMARY KEY,
    purpose TEXT NOT NULL,
    owner TEXT NOT NULL,
    generation INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    UNIQUE (purpose, owner, generation)
) WITHOUT ROWID;

-- Sealed records that are worth nothing after minutes.
CREATE TABLE expiring_records (
    bucket TEXT NOT NULL,
    key BLOB NOT NULL,
    value BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (bucket, key)
);
CREATE INDEX expiring_records_by_expiry ON expiring_records (expires_at);

-- The bounded trace of sign-ins.
CREATE TABLE sign_ins (
    id BLOB PRIMARY KEY,
    organization TEXT,
    connection TEXT,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX sign_ins_by_connection ON sign_ins (connection, reason, at, id);
CREATE INDEX sign_ins_by_organization ON sign_ins (organization, at, id);
CREATE INDEX sign_ins_by_time ON sign_ins (at, id);
CREATE INDEX sign_ins_by_expiry ON sign_ins (expires_at);
