"""The small policy with a point at which devices tell by themselves, and visits to it."""

from __future__ import annotations

from typing import Any

from senim.collection.technical_records import Visit

SITE = "https://mini.example"
IP, IP6 = "203.0.113.77", "2001:db8:5e11:7a11:1:2:3:4"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"

_TEXT = "{kk: Мәтін, ru: Текст, en: Text}"
_CATEGORY = f"""
  technical:
    name: {_TEXT}
    sensitive: true
    readers: [technician, responsible]
    fields:
      ip: ip
      cookie: {{type: reference, name: {_TEXT}}}
      browser: user-agent
      system: {{type: words, name: {_TEXT}}}
      opened: {{type: words, name: {_TEXT}}}
      page: {{type: url, name: {_TEXT}}}
      referrer: {{type: url, name: {_TEXT}}}
"""
_ROLE = f"""
  technician:
    name: {_TEXT}
    kind: staff
    may: [read]
    purposes: [diagnostics]
    operations: [extract]
    sees: [technical]
"""
_PURPOSES = f"""
  diagnostics:
    name: {_TEXT}
    kind: statistics
    optional: true
    uses: [technical]
    operations: [collect, store, extract]
    term: unlimited
  guarding:
    name: {_TEXT}
    basis: 9-9-1
    act: {_TEXT}
    kind: security
    uses: [technical.ip, technical.browser]
    operations: [collect, store, extract]
    term: {{lasts: 3 calendar days, after: collection}}
"""
_POINT = f"""
  visit:
    name: {_TEXT}
    source: device
    by-pages: shop
    visits:
      tells:
        technical.ip: ip
        technical.cookie: visitor
        technical.browser: browser
        technical.system: system
        technical.opened: time
        technical.page: page
        technical.referrer: referrer
      keeps:
        diagnostics: {{choice: statistics, lasts: 30 calendar days}}
        guarding: {{lasts: 10 calendar days}}
    asks: {{technical.ip: optional, technical.cookie: optional, technical.browser: optional,
           technical.system: optional, technical.opened: optional, technical.page: optional,
           technical.referrer: optional}}
    consents: [{{purpose: diagnostics, ask: choice}}]
"""


def with_visits(policy: bytes) -> bytes:
    """The small policy with all that technical data needs: a choice for one purpose, and a shorter law for another."""
    text = policy.decode()
    for old, new in (
        ("roles:\n", f"roles:{_ROLE}"),
        ("\npurposes:\n", f"\npurposes:{_PURPOSES}"),
        ("\npoints:\n", f"\npoints:{_POINT}"),
        ("\ncategories:\n", f"\ncategories:{_CATEGORY}"),
        ("\nsources:\n", f"\nsources:\n  device: {{kind: device, name: {_TEXT}}}\n"),
        ("names: [mini_visits", "purpose: diagnostics, names: [mini_visits"),
        ("purposes: [orders, newsletter, delivery, bookkeeping]",
         "purposes: [orders, newsletter, delivery, bookkeeping, diagnostics, guarding]"),
    ):  # fmt: skip
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text.encode()


def visit(**changed: Any) -> Visit:
    """A visit of somebody who chose statistics, with everything that a device tells."""
    given = {
        "ip": IP,
        "visitor": "visitor-4711",
        "browser": FIREFOX,
        "page": f"{SITE}/events/42?word=hidden-query",
        "referrer": "https://search.example/find?word=hidden-query",
        "allowed": ("statistics",),
    }
    return Visit(**{**given, **changed})
