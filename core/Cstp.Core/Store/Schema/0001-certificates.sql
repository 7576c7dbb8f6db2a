create table setting (
    name  text primary key,
    value blob not null
);

create table certificate (
    fingerprint  text not null,
    role         integer not null,
    subject      text not null collate nocase,
    state        integer not null,
    first_seen   integer not null,   -- milliseconds since 1970, UTC
    source       text not null,
    capabilities text not null,      -- names, a space between
    der          blob not null,
    primary key (fingerprint, role, subject)
);

create index certificate_state on certificate (state, role, first_seen);
create index certificate_subject on certificate (subject);
