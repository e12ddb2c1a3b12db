-- The project or space in which a record lay before an update that moved it: who sees that one only is told that it went.

ALTER TABLE changes ADD COLUMN left_container BYTEA;
