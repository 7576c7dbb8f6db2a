#!/bin/sh -e
# routed-open, down

# routing
ip -4 rule del fwmark 0x43530005/0xffff000d lookup 4353 priority 4353
ip -6 rule del fwmark 0x43530005/0xffff000d lookup 4353 priority 4353
ip -4 route del local default dev lo table 4353
ip -6 route del local default dev lo table 4353

# the rules
nft -f - <<'RULES'
delete table inet cstp
RULES

# kernel settings as they were
echo 0 > /proc/sys/net/ipv4/fwmark_reflect
echo 0 > /proc/sys/net/ipv6/fwmark_reflect
echo 0 > /proc/sys/net/ipv4/tcp_mtu_probing
