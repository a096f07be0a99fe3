# A container pings the other host, and MASQUERADE gives the packet its own host's address. The hosts know each other's MAC
# addresses already.
# npx lockstep record two-hosts content/recordings/pod-to-node.sh
docker run -d --name web whoami
docker run -d --name client toolbox sleep infinity
ping -c 1 10.0.0.122
docker exec client ping -c 1 10.0.0.122
