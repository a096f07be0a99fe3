# Two containers that never spoke before: one asks who has the other's address, and pings it once.
# npx lockstep record super-bridge content/recordings/first-ping.sh
docker run -d --name web whoami
docker run -d --name client toolbox sleep infinity
docker exec client ping -c 1 172.17.0.2
