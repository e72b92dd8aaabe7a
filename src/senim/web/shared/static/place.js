// Changing the language keeps the place in the page: the links of the switch get the part of the address after "#".
"use strict";
for (const link of document.querySelectorAll(".languages a")) {
  link.addEventListener("click", () => { link.hash = location.hash; });
}
