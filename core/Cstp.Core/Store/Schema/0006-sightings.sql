-- How often mail brought a certificate that nobody has judged yet, beside the table that is read anew with every change.
create table sighting (
    fingerprint text primary key,
    seen        integer not null,
    last_seen   integer not null    -- milliseconds since 1970, UTC
);
