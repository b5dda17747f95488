#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# A service that does not accept: fills the accept queue of a listener of its own on loopback, so
# that the kernel counts overflows. After SIGUSR1 it accepts. Meant for a network namespace made for
# it (quickstart.sh).
#
# usage: demo-overflow.pl PORT SECONDS
use strict;
use warnings;
use IO::Socket::INET;
use Socket qw(SOCK_STREAM);

my ($port, $seconds) = @ARGV;
die "usage: demo-overflow.pl PORT SECONDS\n" unless ($port // '') =~ /^\d+$/ && ($seconds // '') =~ /^\d+$/;
$0 = 'demo-overflow';

my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 8,
    ReuseAddr => 1, Type => SOCK_STREAM) or die "demo-overflow: port $port: $!\n";
my $end = time + $seconds;
my @waiting;
my $works = 0;
$SIG{USR1} = sub { $works = 1; $listener->blocking(0) };

while (time < $end) {
    my $client = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port,
        Type => SOCK_STREAM, Blocking => 0);
    push @waiting, $client if $client;
    shift @waiting if @waiting > 200;
    if ($works) {
        while (my $accepted = $listener->accept) { close $accepted }
    }
    select undef, undef, undef, 0.05;
}
