# What readers run first: two containers, a ping and a page between them, and a look at what carries them.
set -e
docker run -d --name warm-a toolbox sleep 600
docker run -d --name warm-b whoami
docker ps
web=$(docker inspect -f '{{.NetworkSettings.IPAddress}}' warm-b)
docker exec warm-a ping -c 1 $web
docker exec warm-a wget -qO- http://$web/
ip addr show docker0
ip -br link
bridge fdb show br docker0
ip route
ip neigh
brctl show docker0
docker inspect warm-a >/dev/null
docker rm -f warm-a warm-b
