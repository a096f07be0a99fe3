# The first TCP connection between two containers. They are neighbours already, so that nothing but TCP is to be seen.
# npx lockstep record super-bridge content/recordings/first-connection.sh
docker run -d --name web whoami
docker run -d --name client toolbox sleep infinity
docker exec client ping -c 1 172.17.0.2
docker exec client wget -qO- http://172.17.0.2/
