#!/bin/sh -e
# ip-dhcp-open, down

# the box's own address, by DHCP
sh -c '(test ! -e /run/cstp/network.json.dhcp || kill $(cat /run/cstp/network.json.dhcp); rm -f /run/cstp/network.json.dhcp) </dev/null >/dev/null 2>&1'

# port eth0
ip link set dev eth0 nomaster
ip link set dev eth0 arp on

# port eth1
ip link set dev eth1 nomaster
ip link set dev eth1 arp on

# the bridge
ip link del dev cstp0

# routing
ip -4 rule del fwmark 0x43530005/0xffff000d lookup 4353 priority 4353
ip -6 rule del fwmark 0x43530005/0xffff000d lookup 4353 priority 4353
ip -4 rule del fwmark 0x43530006/0xffffffff lookup 4354 priority 4354
ip -6 rule del fwmark 0x43530006/0xffffffff lookup 4354 priority 4354
ip -4 route del local default dev lo table 4353
ip -6 route del local default dev lo table 4353

# the rules
nft -f - <<'RULES'
delete table bridge cstp
delete table inet cstp
RULES

# kernel settings as they were
echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables
echo 1 > /proc/sys/net/bridge/bridge-nf-call-ip6tables
echo 1 > /proc/sys/net/bridge/bridge-nf-call-arptables
echo 0 > /proc/sys/net/ipv4/fwmark_reflect
echo 0 > /proc/sys/net/ipv6/fwmark_reflect
echo 0 > /proc/sys/net/ipv4/tcp_mtu_probing
echo 0 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6
echo 0 > /proc/sys/net/ipv6/conf/eth1/disable_ipv6
