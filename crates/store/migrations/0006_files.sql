-- How many of a row's messages so far were files of its event: text may become longer or shorter while they are sent.
ALTER TABLE outbox ADD COLUMN files_sent INTEGER NOT NULL DEFAULT 0;
-- Of what is sent in part it is not known: it is sent once more from its beginning.
UPDATE outbox SET parts_sent = 0 WHERE parts_sent > 0 AND (done IS NULL OR done = 'dead')
    AND event IN (SELECT event FROM attachment WHERE event IS NOT NULL);

-- What is stored of files, to be summed up before more is taken.
CREATE INDEX attachment_stored ON attachment (bytes) WHERE bytes > 0;

PRAGMA user_version = 6;
