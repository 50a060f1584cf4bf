-- Views kept in the store: documents by view, organization ('' for the deployment's own) and key.

CREATE TABLE view_checkpoints (
    view TEXT PRIMARY KEY,
    epoch INTEGER NOT NULL,
    position INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE view_entries (
    view TEXT NOT NULL,
    organization TEXT NOT NULL,
    key TEXT NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (view, organization, key)
) WITHOUT ROWID;
