-- The beginning of the latest reading of a stream that ended well: what upstream had then is here, whatever happens to the
-- readings after it.

ALTER TABLE streams ADD COLUMN fresh_as_of BIGINT;

UPDATE streams SET fresh_as_of = started_at WHERE phase = 'done' AND last_error IS NULL;
