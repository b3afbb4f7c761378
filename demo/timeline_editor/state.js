// The editor's state, and the ways in which it changes. One commit for each finished gesture.

const find = (selector) => element.querySelector(selector);
const TYPING_MS = 300; // a pause as long as this ends a burst of typing or of slider moves
const STEP_MS = 1500; // bursts that follow one another this closely are one step of undo
const MESSAGE_MS = 9000;
const SETTLING_MS = 2000; // so long may sliders still report what they were told, or a run be on its way

const steps = new History();
let doc = completed(structuredClone(props.value));
let selected = doc.segments[0]?.id ?? null;
let drag = null; // a gesture of the pointer, see drag.js
let burst = null; // {kind, what, before}: typing that is not committed yet
let burstTimer = 0;
let publishedAt = -Infinity; // when the document changed last, unless the server has answered since
let run = {}; // what the server says of the document
let rows = new Map(); // its segments by id
let progress = {}; // segments at work, between two runs
let variations = {}; // other seeds of one segment
let asked = null; // the segment whose variations are on their way
let words = { list: [], known: new Set() };
let toldSettings = []; // [{settings, time}] that have been sent to the sliders
let drawing = false; // a drawing is due in the next frame
let messageTimer = 0;

function readProps() {
  readRun();
  readProgress();
  readVariations();
  readWords();
}

function readJson(text) {
  return (typeof text === "string" ? JSON.parse(text || "{}") : structuredClone(text)) ?? {};
}

function readRun() {
  run = readJson(props.run);
  rows = new Map(Object.entries(run.segments ?? {}));
  publishedAt = -Infinity;
  drawSoon();
}

function readProgress() {
  progress = readJson(props.progress);
  drawSoon();
}

function readVariations() {
  variations = readJson(props.variations);
  asked = null;
  drawSoon();
}

function readWords() {
  const { kinds, known } = readJson(props.words);
  words = { list: listWords(kinds), known: new Set((known ?? []).map((word) => word.toLowerCase())) };
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

// One line under the timeline, also read aloud: what an edit did, or why it was not made.
function say(text, { refused = false, stays = false } = {}) {
  const line = find(".message");
  clearTimeout(messageTimer);
  line.textContent = text;
  line.classList.toggle("refused", refused);
  if (!stays) messageTimer = setTimeout(() => (line.textContent = ""), MESSAGE_MS);
}

function refuse(text) {
  say(text, { refused: true });
}

function selectedSegment() {
  return doc.segments[indexOf(doc, selected)];
}

function select(id) {
  if (id === selected) return;
  finishBurst();
  selected = id;
}

function publish() {
  publishedAt = performance.now();
  props.value = doc; // no copy: nobody changes a document in place
}

// Make the document `next`, as one step of undo. Returns whether it was made.
function edit(next, what, choose = selected) {
  finishBurst();
  const why = refusal(doc, next, props.shape);
  if (why) {
    refuse(why);
    return false;
  }
  commit(doc, next, what);
  select(choose);
  draw();
  say(what);
  return true;
}

function commit(before, next, what, kind = null) {
  doc = next;
  if (same(before, next)) return;
  steps.add(before, what, kind, STEP_MS);
  publish();
}

// Like `edit`, for one of many small changes to the same thing: they are committed together after a pause.
function editSoon(kind, next, what) {
  if (burst?.kind !== kind) finishBurst();
  burst ??= { kind, what, before: doc };
  doc = next;
  draw();
  clearTimeout(burstTimer);
  burstTimer = setTimeout(endBurst, TYPING_MS);
}

function endBurst() {
  clearTimeout(burstTimer);
  if (!burst) return;
  const { before, what, kind } = burst;
  burst = null;
  commit(before, doc, what, kind);
  draw();
}

function finishBurst() {
  endBurst();
  steps.close();
}

function travel(way) {
  if (drag) cancelDrag();
  finishBurst();
  const step = way === "undo" ? steps.undo(doc) : steps.redo(doc);
  if (!step) {
    refuse(way === "undo" ? "There is nothing to undo." : "There is nothing to redo.");
    return;
  }
  const place = indexOf(doc, selected);
  const settings = doc.settings;
  doc = step.doc;
  if (indexOf(doc, selected) < 0) select(doc.segments[Math.min(place, doc.segments.length - 1)]?.id ?? null);
  publish();
  if (!same(settings, doc.settings)) tellSettings();
  draw({ fields: true });
  say(`${way === "undo" ? "Undone" : "Made again"}: ${step.what}`);
}

// The sliders follow the document, and report that they have moved; those reports are no edits.
function tellSettings() {
  toldSettings.push({ settings: doc.settings, time: performance.now() });
  trigger("settings", structuredClone(doc.settings));
}

function takeSettings(settings) {
  if (!element.isConnected || !settings) return;
  const next = Object.fromEntries(SETTINGS.map((key) => [key, settings[key] ?? doc.settings[key]]));
  toldSettings = toldSettings.filter(({ time }) => performance.now() - time < SETTLING_MS);
  if (same(next, doc.settings) || toldSettings.some((told) => same(told.settings, next))) return;
  editSoon("settings", { ...doc, settings: next }, "Settings changed");
}

// A document from the server: a project was opened.
function takeValue() {
  if (drag) cancelDrag();
  const value = structuredClone(props.value);
  const next = completed(value);
  if (burst) {
    // what was being typed is one more step on the way back, but no longer the document
    clearTimeout(burstTimer);
    steps.add(burst.before, burst.what);
    burst = null;
  }
  if (same(next, doc)) return;
  steps.close();
  // before anyone has touched the page, it is the film of the last time that comes back: nothing to undo
  if (navigator.userActivation?.hasBeenActive !== false) steps.add(doc, "Another film opened");
  doc = next;
  if (!same(value, doc)) publish();
  if (indexOf(doc, selected) < 0) select(doc.segments[0]?.id ?? null);
  draw({ fields: true });
}

// Make what is missing; where nothing is, another film of the same story.
function generate() {
  finishBurst();
  const answered = performance.now() - publishedAt > SETTLING_MS;
  if (run.todo === 0 && !run.running && answered) {
    const next = reseeded(doc, randomSeed);
    if (same(next, doc)) say("Every seed is locked and every clip is made.");
    else edit(next, "New seeds for all segments that are not locked");
  }
  trigger("submit");
}
