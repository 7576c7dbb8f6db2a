# A Postfix on each mail host, with configuration, queue and log of its own. Each domain has the same users.
users=(juro julia fedor anna)

start_server() {
  local host=$1 folder=$lab/hosts/$1 relay= mailboxes= user
  # amd's server sends everything through mulholland's, which takes it from amd alone.
  [ "$host" != amd ] || relay='[mulholland]'
  for user in "${users[@]}"; do mailboxes+="${mailboxes:+, }$user@$host=$user/"; done
  mkdir -p "$folder"/{etc,queue,data,mail}
  chown postfix "$folder/data"
  chown nobody "$folder/mail"
  cat >"$folder/etc/main.cf" <<MAIN
compatibility_level = 3.6
queue_directory = $folder/queue
data_directory = $folder/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /etc/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = $folder/log
maillog_file_prefixes = $lab
myhostname = $host
mydomain = $host
myorigin = $host
inet_interfaces = all
inet_protocols = all
mynetworks = 127.0.0.0/8 [::1]/128 $([ "$host" != mulholland ] || echo '10.25.1.2/32 [fd25:1::2]/128')
mydestination =
alias_maps =
virtual_mailbox_domains = $host
virtual_mailbox_base = $folder/mail
virtual_mailbox_maps = inline:{ $mailboxes }
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
relayhost = $relay
relay_domains =
smtp_dns_support_level = disabled
smtp_host_lookup = native
lmtp_host_lookup = native
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtp_tls_security_level = may
message_size_limit = 104857600
mailbox_size_limit = 0
virtual_mailbox_limit = 0
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
MAIN
  cat >"$folder/etc/master.cf" <<'MASTER'
smtp inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
MASTER
  in_host "$host" postfix -c "$folder/etc" start >"$folder/start" 2>&1 </dev/null || { cat "$folder/start" >&2; return 1; }
}

stop_server() {
  [ ! -e "$lab/hosts/$1/etc/main.cf" ] || in_host "$1" postfix -c "$lab/hosts/$1/etc" abort >/dev/null 2>&1 </dev/null || true
}
