<?php
// Verify a call of Senim and sign the answer. PHP 8.0 or newer, no package needed.
// $body is the raw body: file_get_contents('php://input').
declare(strict_types=1);

const SENIM_WINDOW = 300; // seconds by which the two clocks may differ

function senim_mac(string $secret, string $at, string $nonce, string $body, bool $answer = false): string
{
    return hash_hmac('sha256', $at . '.' . $nonce . '.' . ($answer ? 'answer.' : '') . $body, $secret);
}

// The nonce of a call, or null if it is not from Senim, too old, or was taken before. $secrets: one, or two while it
// is being changed. $firstSeen($nonce) keeps a nonce for ten minutes where all your processes see it.
function senim_verify(string $header, string $body, array $secrets, callable $firstSeen, ?int $now = null): ?string
{
    if (!preg_match('/\At=(\d{1,12}),n=([0-9a-f]{32})((?:,v1=[0-9a-f]{64}){1,4})\z/', $header, $match)) {
        return null;
    }
    if (abs(($now ?? time()) - (int) $match[1]) > SENIM_WINDOW) {
        return null;
    }
    $good = false;
    foreach (array_slice(explode(',v1=', $match[3]), 1) as $given) {
        foreach ($secrets as $secret) {
            $good = hash_equals(senim_mac($secret, $match[1], $match[2], $body), $given) || $good;
        }
    }
    return $good && $firstSeen($match[2]) ? $match[2] : null;
}

// The header of an answer to the call with this nonce.
function senim_signature(string $body, string $secret, string $nonce, ?int $now = null): string
{
    $at = (string) ($now ?? time());
    return 't=' . $at . ',n=' . $nonce . ',v1=' . senim_mac($secret, $at, $nonce, $body, true);
}
