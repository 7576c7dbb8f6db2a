#!/bin/sh -e
# transparent-vlans, down

# port eth0
ip link set dev eth0 nomaster
ip link set dev eth0 arp on

# port eth2
ip link set dev eth2 nomaster
ip link set dev eth2 arp on

# port eth1
ip link set dev eth1 nomaster
ip link set dev eth1 arp on

# the bridge
ip link del dev cstp0.10
ip link del dev cstp0.20
ip link del dev cstp0

# routing
ip -4 rule del fwmark 0x43530005/0xffff000d lookup 4353 priority 4353
ip -6 rule del fwmark 0x43530005/0xffff000d lookup 4353 priority 4353
ip -4 rule del fwmark 0x43530006/0xffffffff lookup 4354 priority 4354
ip -6 rule del fwmark 0x43530006/0xffffffff lookup 4354 priority 4354
ip -4 rule del fwmark 0x435300a6/0xffffffff lookup 4355 priority 4355
ip -6 rule del fwmark 0x435300a6/0xffffffff lookup 4355 priority 4355
ip -4 rule del fwmark 0x43530146/0xffffffff lookup 4356 priority 4356
ip -6 rule del fwmark 0x43530146/0xffffffff lookup 4356 priority 4356
ip -4 route del local default dev lo table 4353
ip -6 route del local default dev lo table 4353

# the rules
nft -f - <<'RULES'
delete table bridge cstp
delete table inet cstp
delete table netdev cstp
RULES

# kernel settings as they were
echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables
echo 1 > /proc/sys/net/bridge/bridge-nf-call-ip6tables
echo 1 > /proc/sys/net/bridge/bridge-nf-call-arptables
echo 0 > /proc/sys/net/ipv4/fwmark_reflect
echo 0 > /proc/sys/net/ipv6/fwmark_reflect
echo 0 > /proc/sys/net/ipv4/tcp_mtu_probing
echo 0 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6
echo 0 > /proc/sys/net/ipv6/conf/eth2/disable_ipv6
echo 0 > /proc/sys/net/ipv6/conf/eth1/disable_ipv6
