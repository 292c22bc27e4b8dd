"use strict";

// Search: every word of the query must begin a word of the section, its heading or the page's title.
const form = document.querySelector("form.search");
const field = form.querySelector("input");
const results = form.querySelector(".results");
const SHOWN = 12;

const sections = (window.courseIndex || []).map(([page, title, anchor, heading, words]) => ({
  page,
  title,
  anchor,
  heading,
  top: ` ${title} ${heading}`.toLowerCase().replace(/[^\p{L}\p{N}_]+/gu, " "),
  words: ` ${words}`,
}));

function rank(section, terms) {
  let sum = 0;
  for (const term of terms) {
    if (section.top.includes(` ${term}`)) sum += 3;
    else if (section.words.includes(` ${term}`)) sum += 1;
    else if (term.length > 2 && (section.top + section.words).includes(term)) sum += 0.5;
    else return 0;
  }
  return sum;
}

function link(section) {
  const anchor = document.createElement("a");
  anchor.href = form.dataset.pages + section.page;
  if (section.anchor) anchor.href += `#${encodeURIComponent(section.anchor)}`;
  anchor.textContent = section.heading || section.title;
  const place = document.createElement("small");
  place.textContent = section.title;
  if (section.heading !== section.title) anchor.append(place);
  return anchor;
}

function search() {
  const terms = field.value.toLowerCase().match(/[\p{L}\p{N}_]+/gu) || [];
  const ranked = sections
    .map((section, order) => ({ section, order, rank: terms.length ? rank(section, terms) : 0 }))
    .filter((found) => found.rank > 0)
    .sort((a, b) => b.rank - a.rank || a.order - b.order);
  results.replaceChildren(...ranked.slice(0, SHOWN).map((found) => link(found.section)));
  if (terms.length && !ranked.length) results.textContent = "Nothing was found.";
  results.hidden = !terms.length;
}

function close() {
  results.hidden = true;
}

field.addEventListener("input", search);
field.addEventListener("focus", search);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const first = results.querySelector("a");
  if (first) first.click();
});
results.addEventListener("click", close);
document.addEventListener("click", (event) => {
  if (!form.contains(event.target)) close();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && form.contains(event.target)) {
    close();
    field.focus();
    close();
  }
  const writing = event.target.closest("input, textarea, [contenteditable]");
  if (event.key === "/" && !writing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    field.focus();
  }
});
form.hidden = false;

// On paper everything is open.
addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("details")) fold.open = true;
});

// The current page's place in long contents.
const current = document.querySelector(".contents [aria-current]");
const contents = document.querySelector(".contents");
if (current && contents.scrollHeight > contents.clientHeight) {
  contents.scrollTop = current.offsetTop - contents.clientHeight / 3;
}
