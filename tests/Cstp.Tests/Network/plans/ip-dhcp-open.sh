#!/bin/sh -e
# ip-dhcp-open

# bridged packets shall not pass the IP stack's rules as well
echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables
echo 0 > /proc/sys/net/bridge/bridge-nf-call-ip6tables
echo 0 > /proc/sys/net/bridge/bridge-nf-call-arptables

# a reset goes back the way that the refused packet came
echo 1 > /proc/sys/net/ipv4/fwmark_reflect
echo 1 > /proc/sys/net/ipv6/fwmark_reflect

# path MTU: 'packet too big' for our connections goes to the client whose address they bear (RFC 4821)
echo 1 > /proc/sys/net/ipv4/tcp_mtu_probing

# the rules, all of them or none
nft -f - <<'RULES'
table bridge cstp
delete table bridge cstp
table bridge cstp {
	counter inside_arrived { }
	counter outside_arrived { }
	counter answers_arrived { }
	counter refused { }
	counter passed { }
	counter excluded { }
	counter other_vlan { }
	counter inside_left { }
	counter outside_left { }
	counter unknown_host { }
	counter own_frames { }
	set passing4_0 { type ipv4_addr . inet_service . ipv4_addr . inet_service; flags dynamic,timeout; timeout 1h; size 65535; }
	set passing6_0 { type ipv6_addr . inet_service . ipv6_addr . inet_service; flags dynamic,timeout; timeout 1h; size 65535; }
	map mac4_0 { type ipv4_addr : ether_addr; flags dynamic,timeout; timeout 1h; size 65535; }
	map mac6_0 { type ipv6_addr : ether_addr; flags dynamic,timeout; timeout 1h; size 65535; }
	set at0_0 { type ether_addr; flags dynamic,timeout; timeout 1h; size 65535; }
	set at1_0 { type ether_addr; flags dynamic,timeout; timeout 1h; size 65535; }
	chain passing {
		counter name passed meta mark set meta mark & 0xcfffffff accept
	}
	chain inside_left {
		counter name inside_left accept
	}
	chain outside_left {
		counter name outside_left accept
	}
	chain learn_0 {
		meta protocol ip update @mac4_0 { ip saddr : ether saddr }
		meta protocol ip6 update @mac6_0 { ip6 saddr : ether saddr }
		meta protocol ip update @mac4_0 { ip daddr : ether daddr }
		meta protocol ip6 update @mac6_0 { ip6 daddr : ether daddr }
		iifname "eth0" update @at0_0 { ether saddr } delete @at1_0 { ether saddr }
		iifname "eth1" update @at1_0 { ether saddr } delete @at0_0 { ether saddr }
		ether daddr set 52:54:00:00:00:01 meta pkttype set host
	}
	chain to_server_0 {
		meta protocol ip meta mark & 0x20000000 == 0 tcp flags & (syn | ack) == syn update @passing4_0 { ip saddr . tcp sport . ip daddr . tcp dport } goto passing
		meta protocol ip meta mark & 0x20000000 != 0 tcp flags & (syn | ack) == syn delete @passing4_0 { ip saddr . tcp sport . ip daddr . tcp dport }
		meta protocol ip ip saddr . tcp sport . ip daddr . tcp dport @passing4_0 update @passing4_0 { ip saddr . tcp sport . ip daddr . tcp dport } goto passing
		meta protocol ip6 meta mark & 0x20000000 == 0 tcp flags & (syn | ack) == syn update @passing6_0 { ip6 saddr . tcp sport . ip6 daddr . tcp dport } goto passing
		meta protocol ip6 meta mark & 0x20000000 != 0 tcp flags & (syn | ack) == syn delete @passing6_0 { ip6 saddr . tcp sport . ip6 daddr . tcp dport }
		meta protocol ip6 ip6 saddr . tcp sport . ip6 daddr . tcp dport @passing6_0 update @passing6_0 { ip6 saddr . tcp sport . ip6 daddr . tcp dport } goto passing
		jump learn_0
		meta mark & 0x10000000 == 0 counter name refused meta mark set 0x43530004 accept
		meta mark & 0x20000000 == 0 tcp flags & (syn | ack) == syn counter name refused meta mark set 0x43530004 accept
		iifname { "eth0" } counter name inside_arrived meta mark set 0x43530001 accept
		counter name outside_arrived meta mark set 0x43530002 accept
	}
	chain from_server_0 {
		meta protocol ip ip daddr . tcp dport . ip saddr . tcp sport @passing4_0 goto passing
		meta protocol ip6 ip6 daddr . tcp dport . ip6 saddr . tcp sport @passing6_0 goto passing
		jump learn_0
		counter name answers_arrived meta mark set 0x43530003 accept
	}
	chain leave_0 {
		meta protocol ip ether saddr set ip saddr map @mac4_0 ether daddr set ip daddr map @mac4_0
		meta protocol ip6 ether saddr set ip6 saddr map @mac6_0 ether daddr set ip6 daddr map @mac6_0
		ether daddr 02:00:00:00:00:fe counter name unknown_host drop
		ether saddr 52:54:00:00:00:01 counter name unknown_host drop
		oifname "eth0" ether daddr @at0_0 goto inside_left
		oifname "eth0" ether daddr @at1_0 drop
		oifname "eth0" ether saddr @at1_0 goto inside_left
		oifname "eth1" ether daddr @at1_0 goto outside_left
		oifname "eth1" ether daddr @at0_0 drop
		oifname "eth1" ether saddr @at0_0 goto outside_left
		drop
	}
	chain prerouting {
		type filter hook prerouting priority -300; policy accept;
		iifname != { "eth0", "eth1" } accept
		ether daddr 52:54:00:00:00:01 accept
		meta l4proto != tcp accept
		ether type { ip, ip6 } tcp dport { 25, 587 } goto to_server_0
		ether type { ip, ip6 } tcp sport { 25, 587 } goto from_server_0
		tcp dport { 25, 587 } counter name other_vlan accept
		tcp sport { 25, 587 } counter name other_vlan accept
	}
	chain output {
		type filter hook output priority 0; policy accept;
		oifname != { "eth0", "eth1" } accept
		ether daddr 02:00:00:00:00:fe ether type { ip, ip6 } goto leave_0
		ether daddr 02:00:00:00:00:fe counter name own_frames drop
	}
}
table inet cstp
delete table inet cstp
table inet cstp {
	counter inside_delivered { }
	counter outside_delivered { }
	counter answers_delivered { }
	counter resets { }
	counter direct { }
	chain prerouting {
		type filter hook prerouting priority -150; policy accept;
		iifname != { "cstp0" } accept
		meta mark & 0xffff0000 != 0x43530000 accept
		meta mark 0x43530001 meta nfproto ipv4 meta l4proto tcp tproxy ip to :10025 counter name inside_delivered meta mark set 0x43530005 accept
		meta mark 0x43530001 meta nfproto ipv6 meta l4proto tcp tproxy ip6 to :10025 counter name inside_delivered meta mark set 0x43530005 accept
		meta mark 0x43530002 meta nfproto ipv4 meta l4proto tcp tproxy ip to :10026 counter name outside_delivered meta mark set 0x43530005 accept
		meta mark 0x43530002 meta nfproto ipv6 meta l4proto tcp tproxy ip6 to :10026 counter name outside_delivered meta mark set 0x43530005 accept
		meta mark 0x43530003 socket transparent 1 counter name answers_delivered meta mark set 0x43530005 accept
		meta mark & 0xfffffff0 == 0x43530000 meta mark set 0x43530007 accept
	}
	chain input {
		type filter hook input priority -300; policy accept;
		meta mark 0x43530007 meta l4proto tcp meta mark set 0x43530006 counter name resets reject with tcp reset
		tcp dport { 10025, 10026 } meta mark & 0xffff000f != 0x43530005 counter name direct reject with tcp reset
	}
}
RULES

# what is marked as delivered stays here
ip -4 route replace local default dev lo table 4353
ip -6 route replace local default dev lo table 4353
ip -4 rule add fwmark 0x43530005/0xffff000d lookup 4353 priority 4353
ip -6 rule add fwmark 0x43530005/0xffff000d lookup 4353 priority 4353

# the bridge
ip link add name cstp0 address 52:54:00:00:00:01 type bridge stp_state 0 forward_delay 0 mcast_snooping 0 group_fwd_mask 0xfff8
ip link set dev cstp0 alias cstp
echo 0 > /proc/sys/net/ipv4/conf/cstp0/rp_filter
ip link set dev cstp0 up

# what the box's sockets send leaves by cstp0, to a router that does not exist
ip neigh replace 192.0.2.254 lladdr 02:00:00:00:00:fe dev cstp0 nud permanent
ip neigh replace fe80::fe lladdr 02:00:00:00:00:fe dev cstp0 nud permanent
ip -4 route replace default via 192.0.2.254 dev cstp0 onlink table 4354
ip -6 route replace default via fe80::fe dev cstp0 onlink table 4354
ip -4 rule add fwmark 0x43530006/0xffffffff lookup 4354 priority 4354
ip -6 rule add fwmark 0x43530006/0xffffffff lookup 4354 priority 4354

# port eth0
echo 1 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6
ip link set dev eth0 arp off
ip link set dev eth0 master cstp0
ip link set dev eth0 type bridge_slave group_fwd_mask 0xfffd

# port eth1
echo 1 > /proc/sys/net/ipv6/conf/eth1/disable_ipv6
ip link set dev eth1 arp off
ip link set dev eth1 master cstp0
ip link set dev eth1 type bridge_slave group_fwd_mask 0xfffd

# the box's own address, by DHCP
sh -c '(udhcpc -b -R -i cstp0 -p /run/cstp/network.json.dhcp) </dev/null >/dev/null 2>&1'
