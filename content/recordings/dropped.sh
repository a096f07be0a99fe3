# A rule on the host drops what a container sends to its neighbour. They are neighbours already, so that nothing but the ping that is
# not answered is to be seen.
# npx lockstep record super-bridge content/recordings/dropped.sh
docker run -d --name web whoami
docker run -d --name client toolbox sleep infinity
docker exec client ping -c 1 172.17.0.2
iptables -I FORWARD -p icmp --icmp-type echo-request -j DROP
# record
docker exec client ping -c 1 -W 1 172.17.0.2
