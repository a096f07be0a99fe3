# etcd, and in it the network that flanneld takes its subnets from.
set -e
systemctl disable --now docker.service docker.socket containerd.service
ip link delete docker0

cat >/etc/default/etcd <<'END'
# The port for clients, on the address that the workers know. Docker's and flannel's hosts trust each other here: no TLS.
ETCD_NAME=etcd-01
ETCD_LISTEN_CLIENT_URLS=http://10.0.0.101:2379,http://127.0.0.1:2379
ETCD_ADVERTISE_CLIENT_URLS=http://10.0.0.101:2379
# etcd's authors test it on 64 bits only, and want to be told that one knows.
ETCD_UNSUPPORTED_ARCH=386
# ms. There is no other member whose heartbeat could fail: fewer ticks, and an idle machine is idle.
ETCD_HEARTBEAT_INTERVAL=500
ETCD_ELECTION_TIMEOUT=5000
END
systemctl enable --now etcd

export ETCDCTL_API=3
etcdctl put /coreos.com/network/config '{ "Network": "10.2.0.0/16", "Backend": { "Type": "vxlan" } }'
