#!/usr/bin/env python3
# Carries out a plan (plan.ts) in network namespaces of its own, and writes down what was captured in each of them and what arrived.
# It decides nothing by chance: whatever is random stands in the plan. It runs in namespaces that end with it, so that
# nothing is left behind, however it ends (in a lab's machine, one of the plan's namespaces is the machine's own, and nothing is cleared):
#
#   unshare --net --mount --kill-child --fork python3 agent.py <folder>     plan.json is read there, and all else is written there
#
# Captures are what `tcpdump -i any` writes: packet sockets of all devices, cooked (LINKTYPE_LINUX_SLL2), with the kernel's times. What
# arrived is told by raw sockets, which have a copy of whatever a namespace's firewall has let in for itself (net/ipv4/raw.c), and by
# the UDP sockets that listen.
import ctypes
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time

FOLDER = sys.argv[1]
NETNS = '/run/netns/'
CLONE_NEWNET = 0x40000000
SO_TIMESTAMPNS = 35
SO_SNDBUFFORCE = 32
SO_RCVBUFFORCE = 33
SOL_PACKET = 263
PACKET_STATISTICS = 6
PACKET_IGNORE_OUTGOING = 23
ETH_P_ALL = 3
OUTGOING = 4
BUFFER = 256 << 20
SLL2 = 276
# Ports of network.ts's tunnels, 4789, 8472 and 6081.
TUNNELS = (b'\x12\xb5', b'\x21\x18', b'\x17\xc1')
MAGIC = b'\xa7\x1c\x5e\xd3'

libc = ctypes.CDLL(None, use_errno=True)


OWN = None


def path(space):
    return '/proc/1/ns/net' if space == OWN else NETNS + space


def enter(space):
    with open(path(space)) as file:
        if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), 'setns ' + space)


def run(space, line):
    done = subprocess.run(['nsenter', '--net=' + path(space), 'sh', '-ec', line], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f'{space}: {line}: {done.stderr}{done.stdout}')
    return done.stdout


def wide(one):
    one.setblocking(False)
    for option in (SO_RCVBUFFORCE, SO_SNDBUFFORCE):
        one.setsockopt(socket.SOL_SOCKET, option, BUFFER)
    return one


class Tap:
    def __init__(self, space):
        enter(space)
        self.space = space
        self.indices = {name: index for index, name in socket.if_nameindex()}
        self.socket = wide(socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL)))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.file = open(f'{FOLDER}/{space}.pcap', 'wb')
        self.file.write(struct.pack('<IHHiIII', 0xA1B23C4D, 2, 4, 0, 0, 262144, SLL2))

    def drain(self):
        while True:
            try:
                data, extra, _, (name, proto, kind, hatype, address) = self.socket.recvmsg(262144, 256)
            except BlockingIOError:
                return
            # libpcap leaves out what leaves through the loopback as well: it comes in there again.
            if name == 'lo' and kind == OUTGOING:
                continue
            seconds, nanoseconds = struct.unpack('qq', next(d for _, k, d in extra if k == SO_TIMESTAMPNS))
            head = struct.pack('>HHIHBB8s', proto, 0, self.indices.get(name, 0), hatype, kind, len(address), address)
            length = len(head) + len(data)
            self.file.write(struct.pack('<IIII', seconds, nanoseconds, length, length) + head + data)

    def close(self):
        self.drain()
        _, lost = struct.unpack('II', self.socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        if lost > 0:
            raise RuntimeError(f'{self.space}: the tap lost {lost} packets')
        self.file.close()


class Witness:
    """Has a copy of whatever comes in for its namespace, or for one socket of it."""

    arrived = []

    def __init__(self, space, one, family, protocol, port=0):
        self.told = (space, family, protocol, port)
        self.socket = wide(one)

    def drain(self):
        while True:
            try:
                data = self.socket.recv(262144)
            except BlockingIOError:
                return
            # What quotes a packet may end within a mark.
            at = data.rfind(MAGIC, 0, max(0, len(data) - 4))
            if at < 0:
                continue
            space, family, protocol, port = self.told
            # Raw IPv4 sockets have the IP header, IPv6 ones have not.
            inside = (data[0] & 15) * 4 if family == 4 and port == 0 else 0
            kind = data[inside] if protocol in (1, 58) and len(data) > inside else -1
            # What a tunnel's end takes in is not what is in the tunnel.
            if protocol == 17 and port == 0 and data[inside + 2 : inside + 4] in TUNNELS:
                continue
            mark = struct.unpack('>I', data[at + 4 : at + 8])[0]
            Witness.arrived.append({'space': space, 'protocol': protocol, 'type': kind, 'port': port, 'mark': mark})


def raw_witnesses(space):
    enter(space)
    for family, protocols in ((4, (1, 6, 17)), (6, (6, 17, 58))):
        for protocol in protocols:
            kind = socket.AF_INET if family == 4 else socket.AF_INET6
            yield Witness(space, socket.socket(kind, socket.SOCK_RAW, protocol), family, protocol)


def listener(space, protocol, port):
    enter(space)
    kind = socket.SOCK_DGRAM if protocol == 17 else socket.SOCK_STREAM
    one = socket.socket(socket.AF_INET6, kind)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    one.bind(('::', port))
    if protocol == 6:
        one.listen(4096)
        return one
    return Witness(space, one, 6, protocol, port)


class Forwarder:
    """A cable that loses, doubles and delays: what comes in at one device leaves through the other, as the plan says of the nth frame."""

    def __init__(self, space, ends, faults):
        enter(space)
        self.sockets = []
        for device in ends:
            one = wide(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)))
            one.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
            one.bind((device, ETH_P_ALL))
            self.sockets.append(one)
        self.faults = faults
        self.seen = 0
        self.waiting = []

    def drain(self):
        for one, other in (self.sockets, self.sockets[::-1]):
            while True:
                try:
                    frame = one.recv(262144)
                except BlockingIOError:
                    break
                fault = self.faults[self.seen % len(self.faults)] if self.faults else ['pass']
                self.seen += 1
                self.carry(fault, other, frame)
        now = time.monotonic()
        while self.waiting and self.waiting[0][0] <= now:
            _, _, other, frame = self.waiting.pop(0)
            self.send(other, frame)

    def carry(self, fault, other, frame):
        if fault[0] == 'lose':
            return
        if fault[0] == 'delay':
            self.waiting.append((time.monotonic() + fault[1], self.seen, other, frame))
            self.waiting.sort(key=lambda one: one[:2])
            return
        self.send(other, frame)
        if fault[0] == 'double':
            if fault[1] > 0:
                self.waiting.append((time.monotonic() + fault[1], self.seen, other, frame))
                self.waiting.sort(key=lambda one: one[:2])
            else:
                self.send(other, frame)

    @staticmethod
    def send(other, frame):
        try:
            other.send(frame)
        except OSError:
            pass  # Its cable is out, or the frame too long for it: lost, as on any cable.


class Senders:
    def __init__(self):
        self.frames = {}
        self.raw = {}

    def frame(self, space, device, to, protocol, data):
        key = (space, device)
        if key not in self.frames:
            enter(space)
            self.frames[key] = wide(socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0))
        address = bytes.fromhex(to.replace(':', ''))
        self.frames[key].sendto(data, (device, protocol, 0, 0, address))

    def packet(self, space, to, data):
        if space not in self.raw:
            enter(space)
            self.raw[space] = wide(socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW))
        self.raw[space].sendto(data, (to, 0))


def main():
    with open(f'{FOLDER}/plan.json') as file:
        plan = json.load(file)
    global OWN
    OWN = plan.get('own')
    if OWN is None:
        subprocess.run('mount -t tmpfs none /run && mount -t sysfs none /sys 2>/dev/null; mkdir -p /run/netns', shell=True, check=True)
    for space in plan['spaces']:
        if space != OWN:
            subprocess.run(['ip', 'netns', 'add', space], check=True)
    for space, lines in plan['setup']:
        run(space, '\n'.join(lines))
    witnesses = [witness for space in plan['spaces'] for witness in raw_witnesses(space)]
    listening = [listener(*one) for one in plan['listen']]
    witnesses += [one for one in listening if isinstance(one, Witness)]
    forwarders = [Forwarder(one['space'], one['ends'], one['faults']) for one in plan['forwarders']]
    watching = [
        (name, subprocess.Popen(['nsenter', '--net=' + path(space), 'sh', '-c', 'exec ' + line], stdout=open(f'{FOLDER}/{name}', 'w'), stderr=subprocess.DEVNULL))
        for space, line, name in plan['watch']
    ]
    # Forwarders are served at once; what only piles up in a buffer is fetched now and then.
    poll = select.poll()
    for forwarder in forwarders:
        for one in forwarder.sockets:
            poll.register(one, select.POLLIN)

    def pass_time(until):
        while True:
            for forwarder in forwarders:
                forwarder.drain()
            left = until - time.monotonic()
            if left <= 0:
                return
            nearest = min([left] + [f.waiting[0][0] - time.monotonic() for f in forwarders if f.waiting])
            if poll.poll(max(0.0, nearest) * 1000 if nearest > 0.001 else 0):
                continue

    # What waited for a neighbour behind a cable that was not there yet is asked for once more after a second (net/core/neighbour.c), and
    # would be seen leaving without having been seen before.
    if forwarders:
        pass_time(time.monotonic() + 1.2)
    taps = [Tap(space) for space in plan['taps']]
    everything = taps + witnesses + forwarders
    pass_time(time.monotonic() + 0.3)  # The kernel begins to write times down a moment after it was asked to.
    senders = Senders()
    refused = []
    start = time.monotonic()
    sent = 0
    for action in plan['actions']:
        pass_time(start + action['at'])
        sent += 1
        if sent % 64 == 0:
            for one in everything:
                one.drain()
        try:
            if action['do'] == 'frame':
                senders.frame(action['space'], action['device'], action['to'], action['protocol'], bytes.fromhex(action['bytes']))
            elif action['do'] == 'packet':
                senders.packet(action['space'], action['to'], bytes.fromhex(action['bytes']))
            else:
                run(action['space'], action['line'])
        except OSError as error:
            refused.append({'action': sent - 1, 'error': str(error)})
    pass_time(time.monotonic() + plan['quiet'])
    for one in everything:
        one.drain()
    pass_time(time.monotonic() + 0.05)
    for _, process in watching:
        process.terminate()
        process.wait()
    for one in everything:
        one.drain()
    for tap in taps:
        tap.close()
    for space, line, name in plan['ask']:
        with open(f'{FOLDER}/{name}', 'w') as file:
            file.write(run(space, line))
    with open(f'{FOLDER}/arrived.json', 'w') as file:
        devices = {tap.space: {index: name for name, index in tap.indices.items()} for tap in taps}
        json.dump({'arrived': Witness.arrived, 'refused': refused, 'devices': devices}, file)


main()
