# flanneld, and Docker on the subnet that flanneld got.
set -e
cat >/etc/default/flanneld <<'END'
FLANNELD_ETCD_ENDPOINTS=http://10.0.0.101:2379
FLANNELD_IFACE=eth0
FLANNELD_IP_MASQ=true
# How often flanneld looks whether its iptables rules are still there, in seconds. Each time it starts a dozen programs:
# with its own 5 s a machine in a tab would do little else.
FLANNELD_IPTABLES_RESYNC=600
END

cat >/etc/systemd/system/flanneld.service <<'END'
[Unit]
Description=flannel: a subnet for this host, and the way to the others
Documentation=https://github.com/flannel-io/flannel
After=networking.service
Before=docker.service

[Service]
Type=notify
EnvironmentFile=/etc/default/flanneld
ExecStart=/usr/local/bin/flanneld
# When its lease is taken away, flanneld ends without an error.
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
END

# flanneld writes subnet.env when it has its lease: Docker's bridge gets that subnet, and packets as small as the tunnel
# can carry. Who leaves the overlay is masqueraded by flanneld, who stays in it by nobody.
mkdir -p /etc/systemd/system/docker.service.d
cat >/etc/systemd/system/docker.service.d/flannel.conf <<'END'
[Unit]
# Not Requires=: traffic goes on without flanneld, and so do the containers.
Wants=flanneld.service
After=flanneld.service

[Service]
EnvironmentFile=/run/flannel/subnet.env
ExecStart=
ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock --bip=${FLANNEL_SUBNET} --mtu=${FLANNEL_MTU} --ip-masq=false
END

# flanneld takes any subnet that is free, but asks first for the one that it had before, by this file: kube-worker-01
# gets 10.2.21.0/24 and kube-worker-02 10.2.22.0/24, as the episode says.
mkdir -p /run/flannel
cat >/run/flannel/subnet.env <<END
FLANNEL_NETWORK=10.2.0.0/16
FLANNEL_SUBNET=10.2.2$(hostname | tail -c 2).1/24
END

systemctl stop docker.service docker.socket
ip link delete docker0
systemctl daemon-reload
systemctl enable --now flanneld
systemctl enable docker.service containerd.service
systemctl start docker
