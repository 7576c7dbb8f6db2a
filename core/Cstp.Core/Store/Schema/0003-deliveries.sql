-- What became of the recipients of a message that went out in several deliveries, until its sender knows.
create table ledger (
    side         integer not null,
    reverse_path text not null,      -- empty: the null reverse-path
    recipient    text not null,
    digest       text not null,      -- of the header section without trace fields
    state        integer not null,   -- 0: the server's word is not known, 1: has it, and others wait, 2: all have it
    expires      integer not null,   -- milliseconds since 1970, UTC
    primary key (side, reverse_path, recipient, digest)
);

-- Servers that take no second connection from one source.
create table route (
    destination text primary key,
    reason      text not null,
    learned     integer not null,    -- milliseconds since 1970, UTC
    expires     integer not null
);
