# A container pings a container on another host through flannel's VXLAN. Neighbours know each other already, so that
# nothing but the ping is to be seen.
# npx lockstep record overlay content/recordings/overlay-ping.sh
# on kube-worker-02
docker run -d --name web whoami
ping -c 1 10.2.22.2
# on kube-worker-01
docker run -d --name client toolbox sleep infinity
ping -c 1 10.2.21.2
ping -c 1 10.0.0.122
# record
docker exec client ping -c 1 10.2.22.2
