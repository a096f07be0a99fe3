#!/bin/sh
# httpd speaks IPv4 through an IPv6 socket: ::ffff:172.17.0.1 is 172.17.0.1.
caller=${REMOTE_ADDR#[}
caller=${caller#::ffff:}
caller=${caller%]}
printf 'Content-Type: text/plain\r\n\r\n'
printf 'host name  %s\n' "$(hostname)"
printf 'my address %s\n' "$(hostname -i)"
printf 'you are    %s\n' "$caller"
