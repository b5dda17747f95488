<?php
// SPDX-License-Identifier: BSD-2-Clause
// Made by `make nms` from the schema of netdiagd: do not edit.

namespace LibreNMS\Snmptrap\Handlers;

use App\Models\Device;
use LibreNMS\Enum\Severity;
use LibreNMS\Interfaces\SnmptrapHandler;
use LibreNMS\Snmptrap\Trap;

/**
 * An alarm of netdiagd was raised, changed, repeated or cleared: one line in the device's event log.
 */
class NetdiagAlarm implements SnmptrapHandler
{
    public function handle(Device $device, Trap $trap)
    {
        $cleared = str_ends_with($trap->getTrapOid(), 'netdiagAlarmCleared');
        $text = $this->value($trap, 'Check') . ' ' . $this->value($trap, 'Instance') . ': ' . $this->value($trap, 'Summary');
        $advice = $this->value($trap, 'Advice');
        if (! $cleared && $advice !== '') {
            $text .= ' Advice: ' . $advice;
        }
        $trap->log($text, $cleared ? Severity::Ok : $this->severity($this->value($trap, 'Severity')), 'netdiag');
    }

    private function value(Trap $trap, string $name): string
    {
        return (string) $trap->getOidData($trap->findOid('NETDIAG-MIB::netdiagNotify' . $name));
    }

    private function severity(string $severity): Severity
    {
        return match ($severity) {
            'critical', '3' => Severity::Error,
            'warning', '2' => Severity::Warning,
            default => Severity::Info,
        };
    }
}
