// Writing a prompt: words that the model knows are offered, and those that it does not know are named.

const offersList = find(".offers");
const hint = find(".hint");
const HINT_MS = 900; // after this long without a key, the word at the caret counts as written
const KINDS = { subjects: "subject", places: "place", scenes: "scene", actions: "motion", motions: "motion", weather: "weather" };
let offered = []; // what is on the list
let chosen = -1; // place on it
let restTimer = 0;
let atRest = true; // whether someone has stopped typing

function caret() {
  return promptField.selectionStart === promptField.selectionEnd ? promptField.selectionStart : null;
}

function drawHint(segment) {
  const busy = document.activeElement === promptField && !atRest;
  const unknown = unknownWords(segment.prompt, words.known, busy ? caret() : null);
  const lines = [];
  if (segment.prompt.length > props.shape.max_prompt_chars) lines.push(`A prompt may have ${props.shape.max_prompt_chars} characters; this one has ${segment.prompt.length}.`);
  if (unknown.length) {
    const named = unknown.map((word) => `'${word}'`).join(", ");
    lines.push(`Not known to this model: ${named}. ${unknown.length === 1 ? "It" : "They"} will be read as the nearest thing it knows, or ignored.`);
  }
  hint.hidden = !lines.length;
  setText(hint, lines.join(" "));
}

function closeOffers() {
  offered = [];
  drawOffers();
}

function findOffers() {
  const at = caret();
  offered = at === null ? [] : offers(promptField.value, at, words.list);
  chosen = offered.length && !isWhole(promptField.value, at, words.list) ? 0 : -1;
  drawOffers();
}

function drawOffers() {
  offersList.hidden = !offered.length;
  while (offersList.children.length > offered.length) offersList.lastChild.remove();
  offered.forEach((offer, index) => {
    const item = offersList.children[index] ?? make("li", "offer", offersList);
    if (!item.children.length) for (const part of ["offer-text", "offer-kind"]) make("span", part, item);
    item.id = `pk-offer-${index}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", index === chosen);
    setText(item.children[0], offer.text);
    setText(item.children[1], KINDS[offer.kind] ?? offer.kind);
  });
  if (chosen >= 0 && offered.length) promptField.setAttribute("aria-activedescendant", `pk-offer-${chosen}`);
  else promptField.removeAttribute("aria-activedescendant");
  if (offered.length) placeOffers();
}

// At the beginning of the word: under the line that is being written, or above it where there is room only there.
function placeOffers() {
  const mirror = make("div", "prompt mirror", promptField.parentElement);
  mirror.style.width = `${promptField.offsetWidth}px`;
  mirror.textContent = promptField.value.slice(0, offered[0].from);
  const mark = make("span", "", mirror);
  mark.textContent = promptField.value.slice(offered[0].from) || ".";
  const left = Math.min(mark.offsetLeft, promptField.offsetWidth - offersList.offsetWidth);
  offersList.style.left = `${Math.max(0, left)}px`;
  const line = Number.parseFloat(getComputedStyle(promptField).lineHeight);
  const top = mark.offsetTop - promptField.scrollTop;
  const below = Math.min(top + line, promptField.offsetHeight) + 6;
  const above = top - offersList.offsetHeight - 2;
  const field = promptField.getBoundingClientRect().top;
  const cut = field + below + offersList.offsetHeight > innerHeight;
  offersList.style.top = `${cut && field + above >= 0 ? above : below}px`;
  mirror.remove();
}

function acceptOffer(index) {
  const { text, from } = offered[index];
  const at = caret();
  const rest = promptField.value.slice(at);
  const space = rest.startsWith(" ") || /^[,.;!?]/.test(rest) ? "" : " ";
  promptField.setRangeText(text + space, from, at, "end");
  if (rest.startsWith(" ")) promptField.setSelectionRange(from + text.length + 1, from + text.length + 1);
  writePrompt();
  findOffers();
}

function writePrompt() {
  const segment = selectedSegment();
  if (!segment) return;
  clearTimeout(restTimer);
  atRest = false;
  restTimer = setTimeout(() => {
    atRest = true;
    drawSoon();
  }, HINT_MS);
  editSoon(`prompt ${segment.id}`, changed(doc, segment.id, { prompt: promptField.value }), "Prompt written");
}

promptField.addEventListener("input", () => {
  writePrompt();
  findOffers();
});
promptField.addEventListener("click", closeOffers);
promptField.addEventListener("blur", () => {
  closeOffers();
  atRest = true;
  finishBurst();
  drawSoon();
});

promptField.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const open = offered.length > 0;
  if (event.key === "Escape" && open) closeOffers();
  else if (event.key === "ArrowDown" && open) chosen = (chosen + 1) % offered.length;
  else if (event.key === "ArrowUp" && open) chosen = chosen <= 0 ? offered.length - 1 : chosen - 1;
  else if ((event.key === "Tab" || event.key === "Enter") && !event.shiftKey && open && chosen >= 0) acceptOffer(chosen);
  else if (event.key === "Escape" || (event.key === "Enter" && !event.shiftKey)) nodes.get(selected)?.focus();
  else return;
  drawOffers();
  event.preventDefault();
  event.stopPropagation();
});

offersList.addEventListener("pointerdown", (event) => {
  event.preventDefault(); // the field keeps the focus
  const item = event.target.closest(".offer");
  if (item) acceptOffer([...offersList.children].indexOf(item));
});
