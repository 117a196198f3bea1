-- How often the same content came within a short time. `event` is the first one, which has the messages; `first` is when
-- it came. Rows that count one are forgotten after a minute.
CREATE TABLE repeat (
    event INTEGER PRIMARY KEY REFERENCES event (key),
    content BLOB NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL
) STRICT;
CREATE INDEX repeat_recent ON repeat (content, first);
CREATE INDEX repeat_by_age ON repeat (first) WHERE count = 1;

-- The row whose message lists this one.
ALTER TABLE outbox ADD COLUMN list INTEGER REFERENCES outbox (id);
CREATE INDEX outbox_by_list ON outbox (list, id) WHERE list IS NOT NULL;

-- To find the first message about an event.
CREATE INDEX message_by_event ON message (event, chat, id) WHERE event IS NOT NULL;

-- The buttons below lists, found by the digest of their data, like those of requests.
CREATE TABLE list_button (
    digest BLOB PRIMARY KEY,
    list INTEGER NOT NULL REFERENCES outbox (id),
    chat INTEGER NOT NULL,
    message INTEGER,
    minted INTEGER NOT NULL
) STRICT;
CREATE INDEX list_button_unbound ON list_button (list) WHERE message IS NULL;

PRAGMA user_version = 3;
