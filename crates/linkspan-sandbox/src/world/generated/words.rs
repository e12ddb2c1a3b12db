//! The words everything made up is written in: our own sentences, in several languages and scripts.

/// Given names.
pub(in crate::world) const GIVEN_NAMES: [&str; 48] = [
    "Ada", "Amara", "Anneli", "Aroha", "Bela", "Bruno", "Chidi", "Dagny", "Daiki", "Edda", "Elif", "Emeka", "Farid", "Fiona", "Giulia",
    "Hana", "Henrik", "Ines", "Ivo", "Jana", "Jiří", "Joana", "Kamil", "Kenji", "Lena", "Lucía", "Malik", "Marta", "Mei", "Milan", "Nadia",
    "Noor", "Olga", "Omar", "Paulo", "Priya", "Quentin", "Rafael", "Rania", "Sami", "Sofía", "Tamás", "Thandi", "Ulla", "Viktor", "Wanjiru",
    "Yara", "Zoë",
];

/// Family names.
pub(in crate::world) const FAMILY_NAMES: [&str; 48] = [
    "Abara", "Almeida", "Andersen", "Bauer", "Blažek", "Castillo", "Chen", "Costa", "Demir", "Dubois", "Eriksen", "Farah", "Ferreira",
    "Fischer", "Garcia", "Haddad", "Hansen", "Ito", "Ivanova", "Jansen", "Kaya", "Keller", "Kovács", "Lindqvist", "Marino", "Mbeki", "Moreau",
    "Müller", "Nakamura", "Novak", "Nwosu", "O’Brien", "Okafor", "Olsen", "Park", "Petrov", "Rao", "Ricci", "Rossi", "Santos", "Sato", "Schmid",
    "Silva", "Tanaka", "Virtanen", "Weber", "Yilmaz", "Zhang",
];

/// Sentences for bodies. None holds a line break.
pub(in crate::world) const SENTENCES: [&str; 64] = [
    "The crane at berth four stops for a second whenever two barges report their draught at once.",
    "Customers on slow lines see the timetable only after the map has been drawn.",
    "We agreed to keep the old tariff table until every port has confirmed the new one.",
    "Steps to reproduce: open the manifest, change the consignee, save twice within one second.",
    "Expected: the seal number stays. Actual: it is empty after the second save.",
    "The retry hides the cause; the log shows three attempts and then a success with stale data.",
    "Please check whether the tide gauge sends metres or feet before merging this.",
    "Nothing in the release notes mentions it, but the weighbridge protocol changed its checksum.",
    "I can reproduce this on the staging site with the fixture from last week.",
    "The import of 12 000 containers takes 41 seconds, of which 38 are spent waiting for locks.",
    "A rollback is possible until Friday noon; after that the migration must be finished by hand.",
    "The operator reported that the alarm sounds on the wrong pier when the wind turns north.",
    "Let us split this: first the read path, then the booking form, then the printed slip.",
    "There is a workaround: clear the cached route and reload the quay plan.",
    "Der Fahrplan wird doppelt geladen, sobald die Fähre den Hafen verlässt und die Uhr umgestellt wird.",
    "Le quai numéro sept reste réservé jusqu’à la fin de l’hiver, sauf urgence déclarée.",
    "La grúa pequeña no acepta pesos con coma decimal; la pantalla muestra «error 17».",
    "O contrato termina em março e a renovação exige a assinatura de três pessoas.",
    "潮位計の値が夜間に途切れるため、入港の予定が三十分ずれて表示されます。",
    "装卸计划在切换语言之后丢失了备注，需要重新保存一次。",
    "Расписание обновляется с опозданием на одну минуту, если пристань закрыта.",
    "يجب التحقق من رقم الحاوية قبل طباعة بطاقة الخروج من الميناء.",
    "항만 직원이 로그아웃하면 예약 목록이 비어 보입니다.",
    "Η γέφυρα ανοίγει μόνο όταν και οι δύο αισθητήρες συμφωνούν.",
    "The slip shows 🚢 instead of the vessel type, and 👩🏽‍🔧 breaks the column width.",
    "Naïve sorting puts Åland after Zanzibar, and ﬁle names with ligatures cannot be found.",
    "Measured again with a warm cache: 118 ms at the median and 2.4 s at the 99th percentile.",
    "Security asked that the pilot’s phone number disappears from exports after thirty days.",
    "The test fails only on machines whose zone is ahead of UTC, after 22:00.",
    "Rate limits from the customs service: 60 calls a minute, then HTTP 429 with a delay in seconds.",
    "Two people approved the change, but the second approval came from the author.",
    "The draft survey must be signed before the hatch is closed; the form lets you skip it.",
    "Documentation now says that a booking may be moved once and cancelled at any time.",
    "We lost the last 40 messages of the radio log when the disk filled up at 03:12.",
    "The new index is 14 times smaller and answers the common question in 3 ms.",
    "Nobody remembers why the limit is 255; the old system stored it in one byte.",
    "If the berth is occupied the planner suggests the next free one, even when it is too short.",
    "The harbour master wants a list by draught, not by length, and wants it on paper.",
    "Translation keys are missing for the reefer plugs; the page shows the raw identifiers.",
    "After the upgrade the lock bridge opens on schedule, but the barrier stays down.",
    "Attached is the trace from the gateway; look for the second handshake.",
    "This duplicates an older report in part; the difference is that here the data is really gone.",
    "The queue drains again since we restarted the consumer, cause still unknown.",
    "Please do not close this until the night shift has confirmed.",
    "It works with `--dry-run` and fails without, so the planner is fine and the writer is not.",
    "The sensor reports −32768 when it is unplugged, and the chart takes that for a depth.",
    "Invoices in a currency without cents are rounded up by one unit.",
    "The pilots prefer the old view; they say that the new one hides the current.",
    "Access for the contractor ends on the last day of the month and must be renewed in writing.",
    "I moved the acceptance criteria to the description so that they are not lost in the comments.",
    "When two planners drag the same vessel, the later one wins without a word.",
    "The nightly export is complete, but its checksum file has the date of the day before.",
    "Mooring lines are counted per bollard; the sum on the page counts them per vessel.",
    "The form accepts <script> and & in names; both must be shown as typed.",
    "Columns: \"berth\", \"from\", \"to\"; separator is a tab, quoting is never used.",
    "C:\\harbour\\plans\\2026\\week-07 is where the old client leaves its files.",
    "We should tell the customer that the outage of Tuesday had another cause.",
    "The change is small: one comparison was the wrong way round.",
    "Battery of the buoy drops below 11 V in cold nights; the alarm threshold is 10.5 V.",
    "Needs a decision: keep the seven-day window, or let each port choose.",
    "Retested on the latest build; all of the listed cases pass now.",
    "The statistics page counts cancelled calls twice, once as cancelled and once as late.",
    "A follow-up for the remaining three ports is planned for the next sprint.",
    "Thanks, confirmed from our side.",
];

/// What a summary is about.
pub(in crate::world) const SUBJECTS: [&str; 32] = [
    "Berth planner", "Tide gauge import", "Customs gateway", "Timetable page", "Crane telemetry", "Weighbridge", "Seal register", "Pilot roster",
    "Booking form", "Draught survey", "Reefer monitor", "Invoice run", "Lock bridge", "Mooring list", "Night export", "Radio log", "Manifest editor",
    "Quay plan", "Tariff table", "Buoy battery", "Login page", "Search index", "Mobile app", "Notification mail", "Audit trail", "Container import",
    "Map tiles", "Permission check", "Release pipeline", "Backup job", "API rate limit", "Zugangskarte",
];

/// What happens to it.
pub(in crate::world) const EVENTS: [&str; 32] = [
    "loses the last entry after a restart", "shows yesterday’s values", "rejects valid input", "is slow with more than 1 000 rows",
    "needs a second approval step", "should remember the chosen port", "fails when the zone changes", "prints the wrong currency",
    "does not follow the style guide", "must keep an audit record", "crashes on an empty list", "ignores the language of the user",
    "cannot be opened on a phone", "sends the same mail twice", "accepts a date in the past", "should support vessels over 400 m",
    "returns 500 instead of 404", "hides closed berths", "counts cancelled calls twice", "needs better error messages",
    "misses the first message after midnight", "has no test for the rollback", "uses a removed endpoint", "leaks memory over a weekend",
    "should be readable by screen readers", "zeigt Umlaute falsch an", "no acepta la coma decimal", "が二重に表示される", "для новых портов",
    "🚢 emoji breaks the column", "times out behind the proxy", "should be documented",
];

/// Labels of issues and pages.
pub(in crate::world) const LABELS: [&str; 40] = [
    "backend", "frontend", "mobile", "api", "performance", "security", "regression", "customer", "needs-info", "good-first-issue", "ui", "ux",
    "docs", "release-blocker", "tech-debt", "hotfix", "spike", "accessibility", "i18n", "Übersetzung", "migration", "import", "export", "billing",
    "customs", "tide", "crane", "berth", "pilot", "audit", "privacy", "gdpr", "flaky-test", "infrastructure", "monitoring", "on-call", "backport",
    "2026-q3", "wontfix-candidate", "日本語",
];

/// Names of projects with their keys; further projects get numbered ones.
pub(in crate::world) const PROJECTS: [(&str, &str); 14] = [
    ("HARB", "Harbour platform"),
    ("APP", "Passenger app"),
    ("HELP", "Harbour help desk"),
    ("MKT", "Season opening"),
    ("TIDE", "Tide and weather"),
    ("CREW", "Crew planning"),
    ("OLD", "Paper timetable (retired)"),
    ("LAW", "Legal matters"),
    ("OPEN", "Public feedback"),
    ("CUST", "Customs link"),
    ("DOCK", "Dry dock"),
    ("RAIL", "Rail connection"),
    ("PORT", "Partner portal"),
    ("GATE", "Gate automation"),
];

/// Names of spaces with their keys.
pub(in crate::world) const SPACES: [(&str, &str); 10] = [
    ("HB", "Harbour handbook"),
    ("ENG", "Engineering"),
    ("HR", "People and pay"),
    ("KB", "Help centre"),
    ("PUB", "Public notices"),
    ("ARC", "Archive 2019"),
    ("OPS", "Operations"),
    ("DES", "Design"),
    ("LEG", "Legal"),
    ("FIN", "Finance"),
];

/// Titles of pages.
pub(in crate::world) const TITLES: [&str; 32] = [
    "Runbook", "Meeting notes", "Decision record", "Onboarding", "Incident review", "Glossary", "Architecture", "Release notes", "Style guide",
    "How we plan", "Night shift", "Tariffs", "Berth rules", "Test plan", "Interview guide", "Budget", "Security checklist", "Roadmap", "Retrospective",
    "Übergabe", "Procédure d’urgence", "手順書", "Вопросы и ответы", "Customs forms", "Vendor list", "Map legend", "Radio protocol", "Ideas", "Metrics",
    "Access requests", "Training", "Travel",
];

/// Groups beyond the default ones.
pub(in crate::world) const GROUPS: [&str; 16] = [
    "all-staff", "engineering", "design", "support-leads", "finance", "legal-team", "night-shift", "pilots", "crane-operators", "contractors",
    "managers", "release-team", "security-champions", "docs-writers", "hr-team", "board",
];

/// File names, media types and typical sizes of attachments.
pub(in crate::world) const FILES: [(&str, &str, u64); 16] = [
    ("screenshot.png", "image/png", 184_220),
    ("trace.log", "text/plain", 48_113),
    ("manifest.csv", "text/csv", 9_870),
    ("plan.pdf", "application/pdf", 402_551),
    ("quay.jpg", "image/jpeg", 733_904),
    ("export.json", "application/json", 12_004),
    ("dump.zip", "application/zip", 2_204_118),
    ("Übersicht März.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 30_417),
    ("notes.txt", "text/plain", 812),
    ("recording.mp4", "video/mp4", 5_310_772),
    ("config.yaml", "application/yaml", 1_544),
    ("潮位.png", "image/png", 95_102),
    ("letter.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", 22_090),
    ("empty.txt", "text/plain", 0),
    ("sketch.svg", "image/svg+xml", 6_155),
    ("mail.eml", "message/rfc822", 15_730),
];

/// Time zones of people.
pub(in crate::world) const TIME_ZONES: [&str; 12] = [
    "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Tokyo", "Asia/Kolkata", "Europe/London", "Australia/Sydney",
    "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/Sao_Paulo", "Africa/Nairobi", "UTC",
];
