# The boxes. Root makes the network; the proxy runs as a user of its own, with the one capability that it needs.

make_box() {
  local box=$1 folder=$lab/hosts/$1
  product "$box" init "$folder/cstp" --domain "${box#box-}" >/dev/null
  local file=$folder/cstp/cstp.toml
  sed -i -e 's/^network = .*/network = "netsetup-linux"/' -e '/^\[module\./,$d' "$file"
  cat >>"$file" <<TOML
[module.netsetup-linux]
mode = "${mode[$box]}"
inside = ["eth0"]
outside = ["eth1"]
failure = "closed"
exclude = []
state = "$folder/run/network.json"
TOML
  if [ "${mode[$box]}" = ip ]; then
    echo "address = [\"10.25.${net[${box#box-}]}.9/24\", \"fd25:${net[${box#box-}]}::9/64\"]" >>"$file"
    echo "gateway = [\"10.25.${net[${box#box-}]}.1\", \"fd25:${net[${box#box-}]}::1\"]" >>"$file"
  fi
  product "$box" certs export gateway --config "$file" >"$folder/gateway.pem"
}

# Each box trusts the other's gateway; from now on the box's files are its user's.
acquaint_boxes() {
  product box-amd certs import "$lab/hosts/box-intel/gateway.pem" --gateway intel --config "$lab/hosts/box-amd/cstp/cstp.toml" >/dev/null &
  local other=$! box
  product box-intel certs import "$lab/hosts/box-amd/gateway.pem" --gateway amd --config "$lab/hosts/box-intel/cstp/cstp.toml" >/dev/null
  wait "$other"
  for box in "${boxes[@]}"; do chown -R "$cstp_user:$cstp_user" "$lab/hosts/$box/cstp"; done
}

product() {
  local box=$1
  shift
  in_host "$box" "$lab/product/cstp" "$@"
}

# as_proxy BOX CAPABILITIES: sets the command that runs another as the proxy's user, with these capabilities and no way to more
as_proxy() {
  as_proxy=(ip netns exec "$1" setpriv --reuid "$cstp_user" --regid "$cstp_user" --clear-groups --no-new-privs
    --inh-caps "-all$2" --ambient-caps "-all$2" --bounding-set "-all$2")
}

cstp() {
  local box=$1 file=$lab/hosts/$1/cstp/cstp.toml
  shift
  if [ "$1" = net ]; then
    product "$box" "$@" --config "$file"
  else
    as_proxy "$box" ""
    "${as_proxy[@]}" "$lab/product/cstp" "$@" --config "$file"
  fi
}

start_proxy() {
  local box=$1 folder=$lab/hosts/$1
  [ ! -e "$folder/pid" ] || die "the proxy of $box runs already" 73
  : >"$folder/ready"
  touch "$folder/log"
  chown "$cstp_user" "$folder/ready" "$folder/log"
  as_proxy "$box" ,+net_admin
  "${as_proxy[@]}" "$lab/product/cstp" run --config "$folder/cstp/cstp.toml" >"$folder/ready" 2>>"$folder/log" </dev/null &
  echo $! >"$folder/pid"
  local i
  for ((i = 0; i < 300; i++)); do
    if grep -q '^cstp ready' "$folder/ready"; then return; fi
    kill -0 "$(cat "$folder/pid")" 2>/dev/null || break
    sleep 0.1
  done
  tail -n 20 "$folder/log" >&2
  rm -f "$folder/pid"
  die "the proxy of $box did not start" 70
}

stop_proxy() { end_proxy "$1" TERM; }

kill_proxy() { end_proxy "$1" KILL; }

end_proxy() {
  local file=$lab/hosts/$1/pid
  [ -e "$file" ] || return 0
  local pid
  pid=$(cat "$file")
  kill "-$2" "$pid" 2>/dev/null || true
  while kill -0 "$pid" 2>/dev/null && [ "$(cut -d' ' -f3 "/proc/$pid/stat" 2>/dev/null || echo Z)" != Z ]; do sleep 0.05; done
  rm -f "$file"
}
