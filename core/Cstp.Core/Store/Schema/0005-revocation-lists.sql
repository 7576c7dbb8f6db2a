create table revocation_list (
    id      integer primary key autoincrement,
    issuer  text not null,      -- the authority's name
    source  text not null,      -- an address, or import
    fetched integer not null,   -- milliseconds since 1970, UTC
    der     blob not null,
    unique (issuer, source)
);
