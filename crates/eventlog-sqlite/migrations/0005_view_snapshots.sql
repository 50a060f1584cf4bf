-- Snapshots of views in memory: a cache. The chunks are sealed; a snapshot without a row here is being taken, or never was.
CREATE TABLE view_snapshots (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    view TEXT NOT NULL,
    format INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    position INTEGER NOT NULL,
    last_event INTEGER NOT NULL,
    last_hash BLOB NOT NULL,
    taken_at INTEGER NOT NULL,
    key BLOB NOT NULL,
    chunks INTEGER NOT NULL
);
CREATE INDEX view_snapshots_by_view ON view_snapshots (view, number);

CREATE TABLE view_snapshot_chunks (
    view TEXT NOT NULL,
    snapshot BLOB NOT NULL,
    chunk INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (view, snapshot, chunk)
);
