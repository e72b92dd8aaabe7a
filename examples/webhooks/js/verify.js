// Verify a call of Senim and sign the answer. Node.js 18 or newer, no package needed.
// `body` is the raw body as a Buffer: take it before anything parses it.
"use strict";
const crypto = require("node:crypto");

const WINDOW = 300; // seconds by which the two clocks may differ

function mac(secret, at, nonce, body, answer = false) {
  const hmac = crypto.createHmac("sha256", secret);
  return hmac.update(`${at}.${nonce}.${answer ? "answer." : ""}`).update(body).digest("hex");
}

// The nonce of a call, or null if it is not from Senim, too old, or was taken before. `secrets`: one, or two while it
// is being changed. `firstSeen(nonce)` keeps a nonce for ten minutes where all your processes see it.
function verify(header, body, secrets, firstSeen, now = Date.now() / 1000) {
  const match = /^t=(\d{1,12}),n=([0-9a-f]{32})((?:,v1=[0-9a-f]{64}){1,4})$/.exec(header || "");
  if (!match || Math.abs(now - Number(match[1])) > WINDOW) return null;
  const given = match[3].split(",v1=").slice(1);
  const same = (one, other) => crypto.timingSafeEqual(Buffer.from(one), Buffer.from(other));
  const good = secrets.some((secret) => given.some((one) => same(one, mac(secret, match[1], match[2], body))));
  return good && firstSeen(match[2]) ? match[2] : null;
}

// The header of an answer to the call with this nonce.
function signature(body, secret, nonce, now = Date.now() / 1000) {
  const at = Math.floor(now);
  return `t=${at},n=${nonce},v1=${mac(secret, at, nonce, body, true)}`;
}

module.exports = { verify, signature };
