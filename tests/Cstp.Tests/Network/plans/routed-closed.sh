#!/bin/sh -e
# routed-closed

# a reset goes back the way that the refused packet came
echo 1 > /proc/sys/net/ipv4/fwmark_reflect
echo 1 > /proc/sys/net/ipv6/fwmark_reflect

# path MTU: 'packet too big' for our connections goes to the client whose address they bear (RFC 4821)
echo 1 > /proc/sys/net/ipv4/tcp_mtu_probing

# the rules, all of them or none
nft -f - <<'RULES'
table inet cstp
delete table inet cstp
table inet cstp {
	counter inside_arrived { }
	counter outside_arrived { }
	counter refused { }
	counter passed { }
	counter excluded { }
	counter inside_delivered { }
	counter outside_delivered { }
	counter answers_delivered { }
	counter resets { }
	counter direct { }
	chain refuse {
		counter name refused meta mark set 0x43530007 accept
	}
	chain to_server {
		meta mark & 0x10000000 == 0 goto refuse
		meta mark & 0x20000000 == 0 tcp flags & (syn | ack) == syn goto refuse
		iifname { "eth0" } counter name inside_arrived goto from_inside
		counter name outside_arrived goto from_outside
	}
	chain from_inside {
		tcp dport != 0 meta nfproto ipv4 meta l4proto tcp tproxy ip to :10025 counter name inside_delivered meta mark set 0x43530005 accept
		tcp dport != 0 meta nfproto ipv6 meta l4proto tcp tproxy ip6 to :10025 counter name inside_delivered meta mark set 0x43530005 accept
		goto refuse
	}
	chain from_outside {
		tcp dport != 0 meta nfproto ipv4 meta l4proto tcp tproxy ip to :10026 counter name outside_delivered meta mark set 0x43530005 accept
		tcp dport != 0 meta nfproto ipv6 meta l4proto tcp tproxy ip6 to :10026 counter name outside_delivered meta mark set 0x43530005 accept
		goto refuse
	}
	chain from_server {
		socket transparent 1 counter name answers_delivered meta mark set 0x43530005 accept
	}
	chain prerouting {
		type filter hook prerouting priority -150; policy accept;
		iifname != { "eth0", "eth1" } accept
		meta l4proto != tcp accept
		fib daddr type local accept
		tcp dport { 25 } goto to_server
		tcp sport { 25 } goto from_server
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
