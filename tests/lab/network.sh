# Namespaces and cables. Each domain has a network of its own; the router leads between them.

# cable HOST PORT HOST PORT: MAC addresses that can be told apart in a capture
cable() {
  cables=$((${cables:-0} + 1))
  ip link add "$2" netns "$1" address "02:aa:00:00:00:0$cables" type veth peer name "$4" netns "$3" address "02:bb:00:00:00:0$cables"
}

give() { ip -n "$1" address add "$3" dev "$2" nodad 2>/dev/null || ip -n "$1" address add "$3" dev "$2"; }

make_network() {
  local host
  for host in "${hosts[@]}"; do
    [ ! -e "/run/netns/$host" ] || die "a network namespace $host is there already and is not this lab's; remove it: ip netns del $host" 73
    mkdir -p "$lab/hosts/$host"
    ip netns add "$host"
    in_host "$host" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 net.ipv4.conf.all.rp_filter=0
    ip -n "$host" link set lo up
  done
  # Nobody switches on the boxes' ports but 'net up'.
  cable amd eth0 box-amd eth0
  cable box-amd eth1 router amd
  cable intel eth0 box-intel eth0
  cable box-intel eth1 router intel
  cable mulholland eth0 router mulholland
  in_host router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
  for host in "${servers[@]}"; do
    give router "$host" "10.25.${net[$host]}.1/24"
    give router "$host" "fd25:${net[$host]}::1/64"
    ip -n router link set "$host" up
    give "$host" eth0 "10.25.${net[$host]}.2/24"
    give "$host" eth0 "fd25:${net[$host]}::2/64"
    ip -n "$host" link set eth0 up
    ip -n "$host" route add default via "10.25.${net[$host]}.1"
    ip -n "$host" -6 route add default via "fd25:${net[$host]}::1"
    name_hosts "$host" 4
  done
}

# name_hosts HOST IP-VERSION: who is where is all that the servers know; no DNS is asked. Written in place: running servers read it again.
name_hosts() {
  mkdir -p "/etc/netns/$1"
  echo "nameserver 127.0.0.1" >"/etc/netns/$1/resolv.conf"   # nobody: who asks has no five seconds to wait
  {
    echo "127.0.0.1 localhost"
    local server
    for server in "${servers[@]}"; do
      case $2 in
        4) echo "10.25.${net[$server]}.2 $server" ;;
        6) echo "fd25:${net[$server]}::2 $server" ;;
      esac
    done
  } >"/etc/netns/$1/hosts"
}
