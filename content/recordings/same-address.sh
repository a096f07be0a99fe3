# A container pings 172.17.0.2 and means the one on the other host; the one on its own host answers.
# npx lockstep record two-hosts content/recordings/same-address.sh
docker run -d --name web-01 -h web-01 whoami
docker run -d --name client toolbox sleep infinity
# on kube-worker-02
docker run -d --name web-02 -h web-02 whoami
# on kube-worker-01
docker exec client ping -c 1 172.17.0.2
