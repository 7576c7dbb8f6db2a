create table own_key (
    fingerprint text primary key,
    owner       text collate nocase,   -- null: the gateway
    signs       integer not null,
    decrypts    integer not null,
    created     integer not null,      -- milliseconds since 1970, UTC
    certificate blob not null,
    sealed      blob not null          -- PrivateKeyInfo under the master key
);
