-- 0026: how many entered and left a segment lately is counted without reading what is older.

create index membership_changes_of_segment_by_age on cdp.membership_changes (segment, at);
