// The form helper: binds a site's own forms to collection points. Docs: bind forms. No markup from strings.
(() => {
  "use strict";
  const doc = document, me = doc.currentScript;
  const add = (to, tag, text, className) => {
    const made = doc.createElement(tag);
    if (text) made.textContent = text;
    if (className) made.className = className;
    to.append(made);
    return made;
  };
  const random = () => [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");
  const language = () => [me.dataset.language, doc.documentElement.lang, ...navigator.languages].map((one) => (one || "").slice(0, 2).toLowerCase()).find((one) => ["kk", "ru", "en"].includes(one)) || "ru";
  let number = 0;

  // A card number, perhaps in somebody's own words: 13 to 19 digits, perhaps apart, as cards begin, with the right check digit.
  const issued = /^(?:4\d{12}|3[0689]\d{12}|3[47]\d{13}|(?:[34569]\d|2[2-7])\d{14}|[4569]\d{17,18})$/;
  const card = (text, least) => (text.match(/(?:\d[ -]?){12,18}\d/g) || []).some((found) => {
    const row = found.replace(/\D/g, ""), digits = row.split("").reverse().map(Number);
    return row.length >= least && issued.test(row) && digits.reduce((sum, one, at) => sum + (at % 2 ? (one > 4 ? one * 2 - 9 : one * 2) : one), 0) % 10 === 0;
  });
  const describe = (input, note) => {
    note.id = note.id || `senim-${++number}`;
    const known = (input.getAttribute("aria-describedby") || "").split(" ").filter(Boolean);
    if (!known.includes(note.id)) input.setAttribute("aria-describedby", [...known, note.id].join(" "));
  };

  const bind = async (form) => {
    const place = new URL(`forms/${form.dataset.senimPoint}`, me.src);
    const answer = await fetch(`${place}?language=${language()}`, { credentials: "omit", referrerPolicy: "no-referrer" });
    if (!answer.ok) return console.warn(`senim: the point “${form.dataset.senimPoint}” takes no forms of pages (${answer.status})`);
    const asks = await answer.json(), words = asks.words, faults = new Map(), told = new Map();
    const inputs = new Map([...form.querySelectorAll("[data-senim-field]")].map((one) => [one.dataset.senimField, one]));
    let mark = random(), sendings = 0;

    const say = (input, text) => {
      if (!faults.has(input)) {
        const note = doc.createElement("p");
        note.className = "senim-fault";
        (input.closest("label") || input).after(note);
        faults.set(input, note);
        describe(input, note);
      }
      faults.get(input).textContent = text || "";
      faults.get(input).hidden = !text;
      text ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid");
    };
    // What stands in a field; of several buttons for one field it is the one that is pressed, and perhaps none.
    const read = (ref) => {
      const all = [...form.querySelectorAll("[data-senim-field]")].filter((one) => one.dataset.senimField === ref);
      const found = all.find((one) => one.checked || !["radio", "checkbox"].includes(one.type));
      return !found ? "" : found.type === "checkbox" ? "true" : found.value.trim();
    };
    // What is wrong with a field, as far as can be told before it is sent.
    const look = (ref) => {
      const asked = asks.fields.find((one) => one.ref === ref), text = read(ref);
      if (!asked) return text ? words.category_undeclared : "";
      if (!text) return asked.required ? words.field_missing : "";
      return asked.cards && card(text, asked.cards) ? words.card_number : "";
    };
    // What the service said of a field holds as long as the field is as it was then.
    const heard = (ref) => (told.has(ref) && told.get(ref).text === read(ref) ? told.get(ref).said : "");
    for (const [ref, input] of inputs) {
      const asked = asks.fields.find((one) => one.ref === ref);
      if (!asked) console.warn(`senim: “${ref}” is not asked for at this point, and is refused`);
      else {
        input.required = asked.required;
        if (!input.autocomplete && asked.complete !== "off") input.autocomplete = asked.complete;
        if (asked.why) {
          const note = doc.createElement("p");
          note.className = "senim-why";
          note.textContent = asked.why;
          (input.closest("label") || input).after(note);
          describe(input, note);
        }
      }
    }
    // Not at once: a line that comes while the next thing is being pressed would move that away.
    form.addEventListener("change", ({ target }) => {
      const ref = target.dataset.senimField, input = inputs.get(ref), sent = sendings;
      if (input) setTimeout(() => sent === sendings && say(input, look(ref) || heard(ref)), 300);
    });
    for (const one of asks.fields) if (one.required && !inputs.has(one.ref)) console.warn(`senim: the form lacks “${one.ref}”, which this point needs`);

    const foot = form.querySelector("[data-senim-notice]") || form.insertBefore(doc.createElement("div"), form.querySelector("[type=submit], button:not([type])"));
    const notice = add(foot, "section", "", "senim-notice"), title = add(notice, "h3", words.notice);
    title.id = `senim-${++number}`;
    notice.setAttribute("aria-labelledby", title.id);
    const text = add(notice, "div", "", "senim-text");
    Object.assign(text.style, { maxHeight: "16rem", overflow: "auto" });
    text.tabIndex = 0;
    text.setAttribute("role", "region");
    text.setAttribute("aria-labelledby", title.id);
    for (const line of asks.lines) if (line.kind !== "consent") add(text, line.kind === "heading" ? "h4" : "p", line.text);
    const boxes = new Map();
    for (const one of asks.consents) {
      const label = add(foot, "label", "", "senim-consent"), box = label.appendChild(doc.createElement("input"));
      box.type = "checkbox";
      add(label, "span", ` ${one.says} (${one.required ? words.required : words.optional})`);
      boxes.set(`consent:${one.ref}`, box);
      box.addEventListener("change", () => {
        say(box, "");
        for (const { ref, boxes: needed } of asks.fields) if (needed.includes(one.ref) && told.delete(ref)) say(inputs.get(ref), look(ref));
      });
    }
    const status = add(foot, "p", "", "senim-status");
    status.setAttribute("role", "status");

    const check = () => {
      for (const [ref, input] of inputs) say(input, look(ref));
      for (const one of asks.consents) {
        const box = boxes.get(`consent:${one.ref}`);
        say(box, one.required && !box.checked ? words.consent_missing : "");
      }
    };
    const show = (fields) => {
      for (const [name, said] of Object.entries(fields)) {
        const input = inputs.get(name) || boxes.get(name);
        if (inputs.has(name)) told.set(name, { text: read(name), said });
        if (input) say(input, said);
        else status.textContent = said;
      }
    };
    const focus = () => {
      const first = form.querySelector("[aria-invalid=true]");
      if (first) first.focus();
      return first;
    };
    form.noValidate = true;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (form.ariaBusy === "true") return;
      status.textContent = "";
      sendings += 1;
      told.clear();
      check();
      if (focus()) return;
      const fields = { notice: asks.digest };
      for (const ref of inputs.keys()) if (read(ref)) fields[ref] = read(ref);
      for (const [name, box] of boxes) if (box.checked) fields[name] = "yes";
      // The button keeps the focus, and a second press does nothing.
      form.ariaBusy = "true";
      status.textContent = words.sending;
      try {
        const sent = await fetch(place, { method: "POST", body: JSON.stringify({ id: mark, language: asks.language, fields }), credentials: "omit", referrerPolicy: "no-referrer" });
        const answer = await sent.json();
        if (sent.ok) {
          mark = random();
          form.reset();
          status.textContent = words.thanks;
          form.dispatchEvent(new CustomEvent("senim:sent", { bubbles: true, detail: answer }));
          if (form.dataset.senimThen) location.assign(form.dataset.senimThen);
        } else {
          mark = random();
          status.textContent = "";
          show(Object.keys(answer.fields || {}).length ? answer.fields : { "": words.other });
          focus();
          form.dispatchEvent(new CustomEvent("senim:refused", { bubbles: true, detail: { code: answer.code } }));
        }
      } catch {
        status.textContent = words.offline;
      } finally {
        form.ariaBusy = "false";
      }
    });
    form.dataset.senimBound = "";
  };
  const met = new WeakSet();
  const find = () => {
    for (const form of doc.querySelectorAll("form[data-senim-point]")) {
      if (met.has(form)) continue;
      met.add(form);
      bind(form).catch((error) => console.warn("senim:", error));
    }
  };
  const begin = () => {
    find();
    new MutationObserver((changes) => changes.some((change) => change.addedNodes.length) && find()).observe(doc.documentElement, { childList: true, subtree: true });
  };
  doc.readyState === "loading" ? doc.addEventListener("DOMContentLoaded", begin) : begin();
})();
