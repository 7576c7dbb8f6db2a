-- Counts changes of certificates, keys and revocation lists: what changes elsewhere in the file is no reason to read them anew.
create table revision (number integer not null);
insert into revision values (0);
create trigger certificate_inserted after insert on certificate begin update revision set number = number + 1; end;
create trigger certificate_updated after update on certificate begin update revision set number = number + 1; end;
create trigger certificate_deleted after delete on certificate begin update revision set number = number + 1; end;
create trigger own_key_inserted after insert on own_key begin update revision set number = number + 1; end;
create trigger own_key_updated after update on own_key begin update revision set number = number + 1; end;
create trigger own_key_deleted after delete on own_key begin update revision set number = number + 1; end;
create trigger revocation_list_inserted after insert on revocation_list begin update revision set number = number + 1; end;
create trigger revocation_list_updated after update on revocation_list begin update revision set number = number + 1; end;
create trigger revocation_list_deleted after delete on revocation_list begin update revision set number = number + 1; end;
