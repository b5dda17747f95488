#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# Passes questions over UDP from this namespace's loopback to that of another network namespace, and the
# answers back, one after the other: what polls here asks the snmpd that runs there (quickstart.sh).
#
# usage: demo-relay.pl PORT NAMESPACE THEIR_PORT
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

my ($port, $namespace, $their_port) = @ARGV;
die "usage: demo-relay.pl PORT NAMESPACE THEIR_PORT\n" unless ($their_port // '') =~ /^\d+$/;

# The socket of this namespace stays open in a program that is started in the other one.
if ($port =~ /^\d+$/) {
    $^F = 255;
    my $here = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Proto => 'udp')
        or die "demo-relay: port $port: $!\n";
    exec 'ip', 'netns', 'exec', $namespace, $^X, $0, 'fd' . fileno $here, $namespace, $their_port;
    die "demo-relay: ip: $!\n";
}

open my $here, '+<&=', $port =~ s/^fd//r or die "demo-relay: $!\n";
while (my $client = recv $here, my $question, 65535, 0) {
    my $there = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $their_port, Proto => 'udp') or next;
    next unless send $there, $question, 0;
    next unless IO::Select->new($there)->can_read(1) && defined recv $there, my $answer, 65535, 0;
    send $here, $answer, 0, $client;
}
