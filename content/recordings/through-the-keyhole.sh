# A container asks a web server on another host through a published port. The hosts know each other's MAC addresses already,
# and so do the containers and their bridges, so that nothing but the connection is to be seen.
# npx lockstep record two-hosts content/recordings/through-the-keyhole.sh
docker run -d --name web-01 -h web-01 whoami
docker run -d --name client toolbox sleep infinity
# on kube-worker-02
docker run -d --name web-02 -h web-02 -p 8080:80 whoami
ping -c 1 172.17.0.2
# on kube-worker-01
docker exec client ping -c 1 10.0.0.122
docker exec client wget -qO- http://10.0.0.122:8080/
