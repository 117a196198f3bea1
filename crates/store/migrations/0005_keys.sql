-- Keys, wrapped by the key file's key. `retired` is when a key stopped to open anything.
CREATE TABLE key (
    id TEXT PRIMARY KEY,
    purpose TEXT NOT NULL,
    wrapped BLOB NOT NULL,
    made INTEGER NOT NULL,
    retired INTEGER
) STRICT;

-- What an update says is sealed. `body` holds what came before there was a key; it is sealed when the first one is made.
ALTER TABLE update_inbox ADD COLUMN sealed BLOB;

PRAGMA user_version = 5;
