// The editor's state, its edits and the ways to make them. One commit for each finished gesture.

let doc = readValue();
let selected = doc.segments[0]?.id ?? null;
let drag = null; // {kind, id, before, startX, scale, started, ...} while a pointer is down
let typing = null; // the document before the current burst of typing
let typingTimer = 0;
let run = {}; // the last film's segments, by the server
let progress = {}; // its segments at work
let madeById = new Map();
let drawing = false; // a drawing is due in the next frame
let playTime = null; // seconds of the film on screen
const past = [];
const future = [];
const HISTORY = 100;
const TYPING_MS = 300;
const LONG_PRESS_MS = 320;
const DRAG_PIXELS = 4;

function readValue() {
  const value = structuredClone(props.value) ?? {};
  return { ...value, seed: value.seed ?? null, segments: value.segments ?? [] };
}

function readRun() {
  run = JSON.parse(props.run);
  madeById = new Map((run.segments ?? []).map((row) => [row.id, row]));
  drawSoon();
}

function readProgress() {
  progress = structuredClone(props.progress);
  drawSoon();
}

// Several messages may come in one frame.
function drawSoon() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    draw();
  });
}

function publish() {
  props.value = structuredClone(doc);
}

function commit(before) {
  if (JSON.stringify(before) === JSON.stringify(doc)) return;
  past.push(before);
  if (past.length > HISTORY) past.shift();
  future.length = 0;
  publish();
}

function edit(next, select = selected) {
  finishTyping();
  const before = doc;
  doc = next;
  selected = select;
  commit(before);
  draw();
}

function finishTyping() {
  clearTimeout(typingTimer);
  if (!typing) return;
  const before = typing;
  typing = null;
  commit(before);
}

function travel(from, to) {
  finishTyping();
  if (!from.length) return;
  to.push(doc);
  doc = from.pop();
  if (indexOf(doc, selected) < 0) selected = doc.segments[0]?.id ?? null;
  publish();
  draw();
}

function resize(clips) {
  const segment = doc.segments[indexOf(doc, selected)];
  if (segment) edit(changed(doc, selected, { clips: Math.max(1, segment.clips + clips) }));
}

function reorder(by) {
  const index = indexOf(doc, selected) + by;
  if (index >= 0 && index < doc.segments.length) edit(moved(doc, selected, index));
}

function insert(index) {
  const segment = newSegment();
  edit(inserted(doc, index, segment), segment.id);
  nodes.get(segment.id).scrollIntoView({ block: "nearest", inline: "nearest" });
  promptField.focus();
}

function remove() {
  const index = indexOf(doc, selected);
  if (index < 0) return;
  const next = removed(doc, selected);
  edit(next, next.segments[Math.min(index, next.segments.length - 1)]?.id ?? null);
}

function setSeed(ofFilm, seed) {
  edit(ofFilm ? { ...doc, seed } : changed(doc, selected, { seed }));
}

function toggleLock(ofFilm) {
  const kept = ofFilm ? doc.seed : doc.segments[indexOf(doc, selected)].seed;
  const shown = Number.parseInt(find(ofFilm ? ".film-seed-field" : ".seed-field").value, 10);
  setSeed(ofFilm, kept !== null ? null : Number.isNaN(shown) ? randomSeed() : shown);
}

const ACTIONS = {
  undo: () => travel(past, future),
  redo: () => travel(future, past),
  append: () => insert(doc.segments.length),
  insert: () => insert(indexOf(doc, selected) + 1),
  delete: remove,
  shorter: () => resize(-1),
  longer: () => resize(1),
  earlier: () => reorder(-1),
  later: () => reorder(1),
  lock: () => toggleLock(false),
  dice: () => setSeed(false, randomSeed()),
  "film-lock": () => toggleLock(true),
  "film-dice": () => setSeed(true, randomSeed()),
};

element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) ACTIONS[button.dataset.do]();
});

// Writing a prompt
promptField.addEventListener("input", () => {
  typing ??= doc;
  doc = changed(doc, selected, { prompt: promptField.value });
  draw();
  clearTimeout(typingTimer);
  typingTimer = setTimeout(finishTyping, TYPING_MS);
});
promptField.addEventListener("blur", finishTyping);

for (const [selector, ofFilm] of [[".film-seed-field", true], [".seed-field", false]]) {
  find(selector).addEventListener("change", (event) => {
    const seed = Number(event.target.value.trim());
    const usable = event.target.value.trim() !== "" && Number.isInteger(seed) && seed >= 0;
    event.target.blur();
    setSeed(ofFilm, usable ? Math.min(seed, MAX_SEED) : null);
  });
}

// Keys
function select(index) {
  const segment = doc.segments[Math.max(0, Math.min(index, doc.segments.length - 1))];
  if (!segment) return;
  finishTyping();
  selected = segment.id;
  draw();
}

const TRACK_KEYS = {
  ArrowLeft: () => select(indexOf(doc, selected) - 1),
  ArrowRight: () => select(indexOf(doc, selected) + 1),
  Home: () => select(0),
  End: () => select(doc.segments.length - 1),
  "Shift+ArrowLeft": () => resize(-1),
  "Shift+ArrowRight": () => resize(1),
  "Alt+ArrowLeft": () => reorder(-1),
  "Alt+ArrowRight": () => reorder(1),
  Delete: remove,
  Backspace: remove,
};

track.addEventListener("keydown", (event) => {
  if (event.key === "Enter" || event.key === "F2") promptField.focus();
  else if (event.key.toLowerCase() === "n" && !event.ctrlKey && !event.metaKey && !event.altKey) ACTIONS.insert();
  else {
    const action = TRACK_KEYS[(event.shiftKey ? "Shift+" : "") + (event.altKey ? "Alt+" : "") + event.key];
    if (!action || event.ctrlKey || event.metaKey) return;
    action();
    nodes.get(selected)?.focus();
    nodes.get(selected)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  event.preventDefault();
});

element.addEventListener("keydown", (event) => {
  const command = event.ctrlKey || event.metaKey;
  if (event.key === "Escape" && drag) cancelDrag();
  else if (command && event.key === "Enter") {
    finishTyping();
    trigger("submit");
  } else if (command && event.key.toLowerCase() === "z") ACTIONS[event.shiftKey ? "redo" : "undo"]();
  else if (command && event.key.toLowerCase() === "y") ACTIONS.redo();
  else return;
  event.preventDefault();
});

// Values and progress from the server. The names are taken from an object's keys because a quoted name in this file
// would be taken for an event.
watch("value", () => {
  finishTyping();
  const next = readValue();
  if (JSON.stringify(next) === JSON.stringify(doc)) return;
  past.push(doc); // opening another story by mistake can be undone, too
  future.length = 0;
  doc = next;
  drag = null;
  if (indexOf(doc, selected) < 0) selected = doc.segments[0]?.id ?? null;
  draw();
});
watch(Object.keys({ run: 0 }), readRun);
watch(Object.keys({ progress: 0 }), readProgress);

// The player tells where it is; a click on the ruler sends it elsewhere.
window.addEventListener("phenaki:time", (event) => {
  if (!element.isConnected) return;
  playTime = event.detail.seconds;
  drawPlayhead();
});
ruler.addEventListener("click", (event) => {
  const seconds = (event.clientX - ruler.getBoundingClientRect().left) / scale;
  window.dispatchEvent(new CustomEvent("phenaki:seek", { detail: { seconds } }));
});

new ResizeObserver(draw).observe(scroller);
readRun();
readProgress();
draw();
