// The policy's editor: line numbers beside a plain text field, and problems that lead to their line.
"use strict";
const field = document.getElementById("source");
const gutter = document.createElement("pre");
gutter.className = "gutter";
gutter.setAttribute("aria-hidden", "true");
field.before(gutter);
field.parentElement.classList.add("on");
let shown = 0;
function number() {
  const lines = field.value.split("\n").length;
  if (lines !== shown) {
    shown = lines;
    gutter.textContent = Array.from({ length: lines }, (_, at) => at + 1).join("\n");
  }
  gutter.scrollTop = field.scrollTop;
}
function go(line, column) {
  const before = field.value.split("\n").slice(0, line - 1);
  const at = before.reduce((sum, text) => sum + text.length + 1, 0) + column - 1;
  field.focus();
  field.setSelectionRange(at, at);
  field.scrollTop = (line - 4) * parseFloat(getComputedStyle(field).lineHeight);
  field.scrollIntoView({ block: "nearest" });
  number();
}
field.addEventListener("input", number);
field.addEventListener("scroll", number);
for (const link of document.querySelectorAll("[data-line]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    go(Number(link.dataset.line), Number(link.dataset.column));
  });
}
let dirty = false;
field.addEventListener("input", () => { dirty = true; });
field.form.addEventListener("submit", () => { dirty = false; });
addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
number();
const wished = /^#line-(\d+)$/.exec(location.hash);
if (wished) go(Number(wished[1]), 1);
