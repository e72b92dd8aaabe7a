// The banner: asks, remembers, wakes what is allowed, tells the operator's log. Docs: put the banner on a site.
// Served with its settings and its style in place of the two marked words. No eval, no markup from strings.
(() => {
  "use strict";
  const doc = document, me = doc.currentScript, settings = "SETTINGS", style = "STYLE";
  const kinds = settings.kinds.map(([id, essential, mark, names, signals]) => ({ id, essential, mark, names, signals }));
  const optional = kinds.filter((kind) => !kind.essential);
  const gpc = navigator.globalPrivacyControl === true;
  const secure = location.protocol === "https:";
  const place = new URL("cookies/choices", me.src);
  const safe = secure ? "; Secure" : "";

  // What is remembered. The choice lies in a cookie, so that the site itself can read it; the rest only here. The
  // service's own page for those without scripts sets the same cookie: one place, or the older choice would be read.
  const home = settings.home && `.${location.hostname}`.endsWith(`.${settings.home}`) ? `; domain=${settings.home}` : "";
  const stored = (name, value) => {
    try {
      if (value === undefined) return JSON.parse(localStorage.getItem(name));
      localStorage.setItem(name, JSON.stringify(value));
    } catch { /* a browser that keeps nothing */ }
    return null;
  };
  const remembered = () => {
    try {
      const found = JSON.parse(decodeURIComponent(doc.cookie.match(/(?:^|; )senim=([^;]*)/)[1]));
      return found.k && /^[0-9a-f]{32}$/.test(found.v) ? found : null;
    } catch {
      return null;
    }
  };
  let kept = true; // a browser that takes no cookies forgets with the page, and not before
  const remember = () => {
    const age = said ? settings.days * 86400 : 0;
    doc.cookie = `senim=${said ? encodeURIComponent(JSON.stringify(said)) : ""}; path=/; max-age=${age}; SameSite=Lax${home}${safe}`;
    kept = !said || !!remembered();
  };
  const random = () => [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");

  // said: v visitor, t time of the choice, g whether the browser asked not to be tracked, k {kind: [mark, 0 or 1]}
  let said = remembered();
  const known = (kind) => said && Date.now() - said.t < settings.days * 864e5 && (said.k[kind.id] || [])[0] === kind.mark;
  const allowed = (kind) => kind.essential || (known(kind) && said.k[kind.id][1] === 1 && (!gpc || said.g === 1));
  const may = (id) => kinds.some((kind) => kind.id === id && allowed(kind));
  const permitted = () => optional.filter(allowed).map((kind) => kind.id);
  const asked = () => gpc || optional.every(known);

  // Blocked parts of the page.
  let policy = { createScriptURL: (text) => text, createScript: (text) => text };
  try {
    if (window.trustedTypes) policy = trustedTypes.createPolicy("senim", policy);
  } catch {
    console.warn("senim: add “trusted-types senim” to the content security policy");
  }
  const woken = new WeakSet(), covers = new Map(), ran = new Set();
  let queue = Promise.resolve();
  const start = (old) => new Promise((next) => {
    if (me.nonce && old.nonce !== me.nonce) {
      console.warn("senim: a blocked script without the page's nonce stays blocked");
      return next();
    }
    const script = doc.createElement("script"), source = old.dataset.senimSrc || old.getAttribute("src");
    for (const { name, value } of old.attributes) if (!/^(type|src|nonce|async|on.*|data-senim.*)$/.test(name)) script.setAttribute(name, value);
    if (old.dataset.senimType) script.type = old.dataset.senimType;
    if (old.nonce) script.nonce = old.nonce;
    script.async = old.hasAttribute("async");
    if (source) {
      script.onload = script.onerror = next;
      script.src = policy.createScriptURL(source);
    } else script.text = policy.createScript(old.text);
    old.replaceWith(script);
    if (!source || script.async) next();
  });
  const wake = (part) => {
    if (woken.has(part)) return;
    const wanted = part.dataset.senim.split(/\s+/);
    for (const id of wanted) if (!kinds.some((kind) => kind.id === id)) console.warn(`senim: the policy has no kind of cookies “${id}”`);
    if (!wanted.every(may)) {
      if (part.localName === "iframe") cover(part, kinds.find((kind) => !may(kind.id) && wanted.includes(kind.id)));
      return;
    }
    woken.add(part);
    wanted.forEach((id) => ran.add(id));
    // It may have been taken back while those before it were loading.
    if (part.localName === "script") queue = queue.then(() => wanted.every(may) && start(part)).catch(console.warn);
    else {
      if (covers.has(part)) covers.get(part).replaceWith(part);
      if (part.dataset.senimSrcset) part.srcset = part.dataset.senimSrcset;
      if (part.dataset.senimSrc) part.src = part.dataset.senimSrc;
    }
  };
  const apply = () => {
    for (const part of doc.querySelectorAll("[data-senim]")) wake(part);
    for (const part of covers.keys()) wake(part);
  };

  // Cookies and the like of kinds that are not allowed.
  const matches = (name, kind) => kind.names.some((one) => (one.endsWith("*") ? name.startsWith(one.slice(0, -1)) : name === one));
  const names = () => doc.cookie.split("; ").map((one) => one.split("=")[0]);
  const clean = () => {
    const unwanted = (name) => optional.some((kind) => !allowed(kind) && matches(name, kind));
    const hosts = location.hostname.split(".").map((_, index, all) => all.slice(index).join(".")), paths = ["/"];
    location.pathname.split("/").slice(1).reduce((path, part) => (paths.push(`${path}/${part}`, `${path}/${part}/`), `${path}/${part}`), "");
    for (const name of names().filter(unwanted))
      for (const path of paths)
        for (const domain of ["", ...hosts.map((host) => `; domain=${host}`)])
          for (const kept of ["", "; Partitioned"]) doc.cookie = `${name}=; path=${path}; max-age=0${domain}${safe}${kept}`;
    for (const store of ["localStorage", "sessionStorage"])
      try {
        for (const name of Object.keys(window[store])) if (unwanted(name)) window[store].removeItem(name);
      } catch { /* none here */ }
    return names().filter(unwanted);
  };

  // Google Consent Mode v2, if the tag asks for it: denied first, then what is allowed.
  const google = (command) => {
    if (!me.hasAttribute("data-google-consent")) return;
    const layer = (window.dataLayer = window.dataLayer || []), signals = {};
    for (const name of ["ad_storage", "ad_user_data", "ad_personalization", "analytics_storage", "functionality_storage", "personalization_storage", "security_storage"]) {
      const behind = kinds.filter((kind) => kind.signals.includes(name));
      signals[name] = command === "update" && behind.length && behind.every(allowed) ? "granted" : "denied";
    }
    (function gtag() { layer.push(arguments); })("consent", command, signals);
  };

  // The log: what was chosen waits here until the operator's log has it, each choice under a name of its own: tabs that
  // write at one time take nothing from each other.
  const unkept = {}, under = "senim-waiting-";
  let pause = 2000, sending = false;
  const waits = () => {
    let names = [];
    try {
      names = Object.keys(localStorage).filter((name) => name.startsWith(under));
    } catch { /* none here */ }
    return [...names.map((name) => stored(name)), ...Object.values(unkept)].filter(Boolean).sort((one, other) => one.t - other.t);
  };
  const wait = (one) => {
    stored(under + one.id, one);
    if (!stored(under + one.id)) unkept[one.id] = one;
    waits().slice(0, -20).forEach(drop);
  };
  const drop = ({ id }) => {
    delete unkept[id];
    try {
      localStorage.removeItem(under + id);
    } catch { /* none here */ }
  };
  const send = async () => {
    if (sending) return;
    sending = true;
    try {
      await navigator.locks.request("senim", deliver); // one tab at a time: each choice goes once
    } catch {
      await deliver(); // no locks here
    }
    sending = false;
  };
  const deliver = async () => {
    const tried = new Set();
    for (let one; (one = waits().find(({ id }) => !tried.has(id))); tried.add(one.id)) {
      const { t, ...choice } = one;
      try {
        const age = Math.max(0, Math.min(7776000, Math.round((Date.now() - t) / 1000)));
        const answer = await fetch(place, { method: "POST", body: JSON.stringify({ ...choice, age }), keepalive: true, credentials: "omit", referrerPolicy: "no-referrer" });
        if (answer.status >= 500 || answer.status === 429) throw answer.status;
        drop(one);
        if (answer.ok) stored("senim-proof", (await answer.json()).receipt);
        else {
          console.warn(`senim: the choice was not taken (${answer.status}); it is asked for again`);
          if (said && said.t === t) (said = null), remember(), clean();
        }
      } catch {
        setTimeout(send, (pause = Math.min(pause * 2, 3e5)));
        break;
      }
    }
  };
  const tell = (how) => doc.dispatchEvent(new CustomEvent("senim:choice", { detail: { kinds: permitted(), how, gpc } }));
  const decide = async (how, yes, shown) => {
    const mark = shown ? await shown : "";
    if (shown && !mark) return;
    said = { v: (said && said.v) || random(), t: Date.now(), g: +gpc, k: {} };
    for (const kind of optional) said.k[kind.id] = [kind.mark, +yes.includes(kind.id)];
    remember();
    wait({ id: random(), visitor: said.v, language: language(), shown: mark, how, kinds: yes, gpc, t: said.t });
    return obey(how, send());
  };
  const obey = async (how, sent) => {
    const left = clean();
    if (left.length) console.warn(`senim: cookies that only the server can remove: ${left.join(", ")}`);
    google("update");
    close();
    tell(how);
    if (![...ran].some((id) => !may(id))) return apply();
    await Promise.race([sent, new Promise((next) => setTimeout(next, 1000))]);
    location.reload(); // what runs cannot be stopped, only left behind
  };
  // What was chosen in another tab, or while this page lay in the browser's memory, binds here too. The news of a
  // stored name may come before the cookie does: where the browser tells of cookies it is asked, else when one looks.
  const again = () => {
    const now = remembered();
    if (!kept || JSON.stringify(now) === JSON.stringify(said)) return;
    said = now;
    if (asked()) obey("elsewhere");
  };

  // What is shown.
  const language = () => [me.dataset.language, doc.documentElement.lang, ...navigator.languages].map((one) => (one || "").slice(0, 2).toLowerCase()).find((one) => settings.texts[one]) || "ru";
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  const shadow = (host) => {
    const root = host.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    host.lang = language();
    return root;
  };
  const add = (to, tag, text, more) => {
    const made = Object.assign(doc.createElement(tag), more);
    if (text) made.textContent = text;
    to.append(made);
    return made;
  };
  const press = (to, text, act, className = "") => {
    const button = add(to, "button", text, { type: "button", className });
    button.addEventListener("click", act);
    return button;
  };
  // The fingerprint of what stands on the screen: all pieces of text, a line each.
  const fingerprint = async (part) => {
    const walker = doc.createTreeWalker(part, 4), lines = [];
    while (walker.nextNode()) lines.push(walker.currentNode.data);
    if (!crypto.subtle) return console.warn("senim: a choice can be proven on https alone"), "";
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(lines.join("\n")));
    return [...new Uint8Array(hash)].map((one) => one.toString(16).padStart(2, "0")).join("");
  };
  const host = doc.createElement("div"), root = shadow(host);
  host.translate = false;
  let panel = null, opener = null, before = "";
  const close = () => {
    pill.hidden = !!doc.querySelector("[data-senim-open]");
    if (panel) {
      panel.remove();
      panel = null;
      doc.documentElement.style.scrollPaddingBottom = before;
      if (opener) opener.focus();
      opener = null;
    }
  };
  const listed = (to, texts) => {
    const list = add(to, "ul", "", { id: "k" });
    kinds.forEach((kind, index) => {
      const [name, about] = texts.kinds[index], row = add(add(list, "li"), kind.essential ? "div" : "label");
      if (!kind.essential) add(row, "input", "", { type: "checkbox", value: kind.id, checked: allowed(kind) });
      add(row, "b", name);
      add(row, "i", about);
    });
    return list;
  };
  const open = (by) => {
    if (!optional.length) return;
    close();
    const texts = settings.texts[language()], all = optional.map((kind) => kind.id);
    opener = by && by.focus ? by : null;
    panel = add(root, "div", "", { className: "p", lang: language() });
    panel.setAttribute("role", "dialog");
    panel.setAttribute("aria-labelledby", "h");
    const ask = add(panel, "div"), title = add(ask, "h2", texts.title, { id: "h", tabIndex: -1 });
    for (const text of gpc ? [...texts.told, texts.gpc] : texts.told) add(ask, "p", text);
    add(add(ask, "p"), "a", texts.policy, { href: new URL(`privacy/${language()}`, me.src), rel: "noopener" });
    const buttons = add(ask, "div", "", { className: "b" });
    press(buttons, texts.accept, () => decide("accept", all, shown));
    press(buttons, texts.refuse, () => decide("refuse", [], shown));
    const choose = press(buttons, texts.choose, () => {
      list.hidden = save.hidden = !list.hidden;
      choose.setAttribute("aria-expanded", !list.hidden);
      if (!list.hidden) list.querySelector("input").focus();
    });
    choose.setAttribute("aria-expanded", "false");
    choose.setAttribute("aria-controls", "k");
    const list = listed(ask, texts), save = add(ask, "div", "", { className: "b" });
    press(save, texts.save, () => decide("choose", [...list.querySelectorAll(":checked")].map((one) => one.value), shown));
    list.hidden = save.hidden = true;
    const shown = fingerprint(ask);
    if (said) {
      const more = add(panel, "p", "", { className: "m" }), receipt = stored("senim-proof");
      if (receipt) add(more, "a", texts.proof, { href: URL.createObjectURL(new Blob([receipt])), download: "senim-choice.jws" });
      press(more, texts.close, close, "t");
    }
    // Esc is no answer: nothing is allowed by it, and the question comes back.
    panel.addEventListener("keydown", (event) => event.key === "Escape" && close());
    pill.hidden = true;
    const html = doc.documentElement.style;
    before = html.scrollPaddingBottom;
    html.scrollPaddingBottom = `${panel.offsetHeight}px`;
    if (by) title.focus();
  };
  const cover = (part, kind) => {
    if (covers.has(part) || !kind || !settings.texts[language()]) return;
    const texts = settings.texts[language()], [name, about] = texts.kinds[kinds.indexOf(kind)];
    const box = doc.createElement("div"), size = getComputedStyle(part), inside = add(shadow(box), "div", "", { className: "f" });
    box.translate = false;
    Object.assign(box.style, { display: size.display === "inline" ? "inline-block" : size.display, width: size.width, height: size.height, maxWidth: "100%", overflow: "hidden", margin: size.margin, verticalAlign: size.verticalAlign });
    add(inside, "b", name);
    add(inside, "p", texts.frame);
    add(inside, "i", about);
    const buttons = add(inside, "div", "", { className: "b" });
    press(buttons, texts.allow, () => decide("allow", [...new Set([...permitted(), kind.id])], shown));
    press(buttons, texts.choose, (event) => open(event.currentTarget));
    const shown = fingerprint(inside);
    covers.set(part, box);
    part.replaceWith(box);
  };
  const pill = press(root, "", () => open(pill), "o");

  const begin = () => {
    if (optional.length) {
      pill.textContent = settings.texts[language()].reopen;
      doc.body.prepend(host);
      clean();
      google("update");
      asked() ? close() : open();
    }
    apply();
    tell("kept");
    if (waits().length) send();
    addEventListener("online", send);
    addEventListener("storage", again);
    doc.addEventListener("visibilitychange", again);
    if (window.cookieStore) cookieStore.addEventListener("change", again);
    addEventListener("pageshow", (event) => event.persisted && again());
    doc.addEventListener("click", (event) => {
      const by = event.target.closest && event.target.closest("[data-senim-open]");
      if (by) event.preventDefault(), open(by);
    });
    new MutationObserver((changes) => changes.forEach((change) => change.addedNodes.forEach((node) => {
      if (node.nodeType !== 1) return;
      if (node.matches("[data-senim]")) wake(node);
      for (const part of node.querySelectorAll("[data-senim]")) wake(part);
    }))).observe(doc.documentElement, { childList: true, subtree: true });
  };
  google("default");
  window.senim = Object.freeze({
    open: () => open(doc.activeElement),
    may,
    choice: () => ({ kinds: permitted(), asked: asked(), gpc, visitor: said && said.v, version: settings.version }),
    withdraw: () => decide("withdraw", []),
    proof: () => stored("senim-proof"),
  });
  doc.body ? begin() : doc.addEventListener("DOMContentLoaded", begin);
})();
