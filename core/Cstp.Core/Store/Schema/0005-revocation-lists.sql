create table revocation_list (
    issuer  text not null,      -- the authority's name
    source  text not null,      -- an address, or import
    fetched integer not null,   -- milliseconds since 1970, UTC
    der     blob not null,
    primary key (issuer, source)
);
