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

-- Counts changes of certificates and keys: what changes elsewhere in the file is no reason to read them anew.
create table revision (number integer not null);
insert into revision values (0);
create trigger certificate_inserted after insert on certificate begin update revision set number = number + 1; end;
create trigger certificate_updated after update on certificate begin update revision set number = number + 1; end;
create trigger certificate_deleted after delete on certificate begin update revision set number = number + 1; end;
create trigger own_key_inserted after insert on own_key begin update revision set number = number + 1; end;
create trigger own_key_updated after update on own_key begin update revision set number = number + 1; end;
create trigger own_key_deleted after delete on own_key begin update revision set number = number + 1; end;
