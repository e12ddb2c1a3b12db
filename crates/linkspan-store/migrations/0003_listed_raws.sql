-- Raws of kinds that are few beside issues, pages and what hangs on them are listed by kind.

ALTER TABLE raws ADD COLUMN listed BOOLEAN NOT NULL DEFAULT FALSE;

UPDATE raws SET listed = TRUE WHERE kind NOT IN ('jira.issue', 'jira.comment', 'jira.worklog', 'jira.attachment',
    'jira.changelog', 'confluence.page', 'confluence.blogpost', 'confluence.comment', 'confluence.attachment',
    'confluence.version');

CREATE INDEX raws_listed ON raws (source_id, kind, remote_id) WHERE listed = TRUE;
