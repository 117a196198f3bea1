-- 1 while whoever asks has to wait for the end on a connection: a request that nobody waits for any more is withdrawn.
ALTER TABLE approval ADD COLUMN attended INTEGER NOT NULL DEFAULT 0;
CREATE INDEX approval_attended ON approval (asked) WHERE pending = 1 AND attended = 1;

PRAGMA user_version = 10;
