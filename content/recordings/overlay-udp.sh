# The same ping with the backend udp: flanneld reads the packet from flannel0, and sends it itself.
# npx lockstep record overlay content/recordings/overlay-udp.sh
etcdctl get --print-value-only /coreos.com/network/config | sed s/vxlan/udp/ | etcdctl put /coreos.com/network/config
# on kube-worker-02
systemctl restart flanneld
ip route del 10.2.21.0/24
docker run -d --name web whoami
ping -c 1 10.2.22.2
# on kube-worker-01
systemctl restart flanneld
ip route del 10.2.22.0/24
docker run -d --name client toolbox sleep infinity
ping -c 1 10.2.21.2
ping -c 1 10.0.0.122
# record
docker exec client ping -c 1 10.2.22.2
