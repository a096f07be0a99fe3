# A range, a route and a rule on each host: a pod pings a pod on the other host, and nothing is
# translated. The hosts know each other's MAC addresses already.
# npx lockstep record two-hosts content/recordings/kept-by-hand.sh
docker network create --subnet 10.2.1.0/24 -o com.docker.network.bridge.name=pods -o com.docker.network.bridge.enable_ip_masquerade=false pods
docker run -d --name pod-1 --network pods toolbox sleep infinity
ip route add 10.2.2.0/24 via 10.0.0.122
iptables -I DOCKER-USER -d 10.2.0.0/16 -j ACCEPT
# on kube-worker-02
docker network create --subnet 10.2.2.0/24 -o com.docker.network.bridge.name=pods -o com.docker.network.bridge.enable_ip_masquerade=false pods
docker run -d --name pod-2 --network pods whoami
ip route add 10.2.1.0/24 via 10.0.0.121
iptables -I DOCKER-USER -d 10.2.0.0/16 -j ACCEPT
# on kube-worker-01
ping -c 1 10.0.0.122
docker exec pod-1 ping -c 1 10.2.2.2
