-- Snapshots of views in memory: a cache. The chunks are sealed; a snapshot without a row here is being taken, or never was.
CREATE TABLE view_snapshots (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    view text COLLATE "C" NOT NULL,
    format bigint NOT NULL,
    epoch bigint NOT NULL,
    position bigint NOT NULL,
    last_event bigint NOT NULL,
    last_hash bytea NOT NULL,
    taken_at_millis bigint NOT NULL,
    key uuid NOT NULL,
    chunks bigint NOT NULL
);
CREATE INDEX view_snapshots_by_view ON view_snapshots (view, number);

CREATE TABLE view_snapshot_chunks (
    view text COLLATE "C" NOT NULL,
    snapshot uuid NOT NULL,
    chunk bigint NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (view, snapshot, chunk)
);
-- Ciphertext does not get smaller.
ALTER TABLE view_snapshot_chunks ALTER COLUMN sealed SET STORAGE EXTERNAL;
