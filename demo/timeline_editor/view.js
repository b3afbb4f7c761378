// Draws the document. All text goes in through textContent; nodes are kept by segment id and only moved.

const find = (selector) => element.querySelector(selector);
const scroller = find(".scroller");
const canvas = find(".canvas");
const ruler = find(".ruler");
const track = find(".track");
const promptField = find(".prompt");
const playhead = find(".playhead");
const addButton = find(".add");
const nodes = new Map();
let scale = 1; // pixels for a second of film, as last drawn
const TICKS = [0.5, 1, 2, 5, 10, 15, 30, 60, 120];
const MIN_CLIP_PIXELS = 58;
const ADD_PIXELS = 54;
const SIDE_PIXELS = 32; // padding of the scroller, left and right

function make(tag, className, parent) {
  const node = document.createElement(tag);
  node.className = className;
  parent.append(node);
  return node;
}

function pixelsPerSecond() {
  if (drag?.scale) return drag.scale;
  const { fps, step_frames } = props.shape;
  const seconds = layout(doc, props.shape).reduce((sum, place) => sum + place.seconds, 0);
  const fitting = (scroller.clientWidth - SIDE_PIXELS - ADD_PIXELS) / Math.max(seconds, 4);
  return Math.max(fitting, (MIN_CLIP_PIXELS * fps) / step_frames);
}

function segmentNode(id) {
  if (nodes.has(id)) return nodes.get(id);
  const node = make("div", "segment", track);
  node.dataset.id = id;
  node.setAttribute("role", "option");
  node.drawn = "";
  node.strip = make("div", "strip", node);
  const body = make("div", "body", node);
  node.label = make("div", "label", body);
  node.note = make("div", "note", body);
  node.bar = make("div", "bar", node);
  const handle = make("div", "handle", node);
  handle.title = "Drag to change the length";
  nodes.set(id, node);
  return node;
}

function drawStrip(node, segment, isFirst, pictures) {
  const count = Math.min(pictures.length, segment.clips);
  while (node.strip.children.length > count) node.strip.lastChild.remove();
  let left = 0;
  for (let clip = 0; clip < count; clip++) {
    const width = (clipFrames(props.shape, isFirst, clip) / props.shape.fps) * scale;
    const picture = node.strip.children[clip] ?? make("div", "picture", node.strip);
    if (picture.dataset.address !== pictures[clip]) {
      picture.dataset.address = pictures[clip];
      picture.style.backgroundImage = `url(${JSON.stringify(pictures[clip])})`;
    }
    picture.style.left = `${left}px`;
    picture.style.width = `${width + 0.5}px`;
    left += width;
  }
}

// State, seed and part done of a segment, from the run and the faster progress messages.
function segmentState(segment, index, staleFrom) {
  const made = madeById.get(segment.id);
  if (!made) return { name: "draft", seed: null, part: 0, thumbnails: [] };
  const fast = progress.film === run.film ? progress.segments[segment.id] : undefined;
  const part = made.state === "running" ? Math.max(made.progress, fast ?? 0) : made.progress;
  const stale = index >= staleFrom && !(run.running && made.state !== "done");
  const waiting = made.state === "waiting" ? (run.running ? "waiting" : "draft") : made.state;
  return { name: stale ? "stale" : waiting, seed: made.seed, part, thumbnails: made.thumbnails };
}

const NOTES = { draft: "", waiting: "waiting", done: "", stale: "changed since the film" };

function draw() {
  scale = pixelsPerSecond();
  const places = layout(doc, props.shape);
  const staleFrom = run.segments ? firstStale(doc, run) : 0;
  const total = places.reduce((sum, place) => sum + place.seconds, 0);
  const seen = new Set();
  doc.segments.forEach((segment, index) => {
    seen.add(segment.id);
    drawSegment(segment, index, places[index], segmentState(segment, index, staleFrom));
  });
  for (const [id, node] of nodes) {
    if (seen.has(id)) continue;
    node.remove();
    nodes.delete(id);
  }
  arrangeNodes();
  const width = total * scale;
  canvas.style.width = `${width + ADD_PIXELS}px`;
  addButton.style.left = `${width}px`;
  addButton.classList.toggle("first", doc.segments.length === 0);
  drawRuler(total);
  drawSummary(total);
  drawInspector(places, staleFrom);
  drawPlayhead();
}

// Messages come many times a second, and a long film has hundreds of segments: nothing that looks the same is touched.
function drawSegment(segment, index, { start, seconds }, state) {
  const node = segmentNode(segment.id);
  const dragged = Boolean(drag?.started && drag.kind === "move" && drag.id === segment.id);
  const resizing = Boolean(drag?.started && drag.kind === "size" && drag.id === segment.id);
  const left = dragged ? drag.left : start * scale;
  const isSelected = segment.id === selected;
  const part = state.name === "running" ? state.part : 0;
  const note = state.name === "running" ? `${Math.round(part * 100)} %` : NOTES[state.name];
  const details = [formatSeconds(seconds), note].filter(Boolean).join(" · ");
  const label = `Segment ${index + 1} of ${doc.segments.length}: ${segment.prompt || "empty prompt"}, ${details}`;
  const look = [left, seconds * scale, dragged, resizing, isSelected, part, state.name, label, state.thumbnails].join("|");
  if (node.drawn === look) return;
  node.drawn = look;
  node.style.left = `${left}px`;
  node.style.width = `${seconds * scale - 4}px`;
  node.classList.toggle("dragged", dragged);
  node.classList.toggle("resizing", resizing);
  node.dataset.state = state.name;
  node.dataset.pictures = state.thumbnails.length > 0;
  node.label.textContent = segment.prompt || "Empty prompt";
  node.label.classList.toggle("empty", !segment.prompt.trim());
  node.note.textContent = details;
  node.bar.style.transform = `scaleX(${part})`;
  node.setAttribute("aria-selected", isSelected);
  node.setAttribute("aria-label", label);
  node.tabIndex = isSelected ? 0 : -1;
  drawStrip(node, segment, index === 0, state.thumbnails);
}

// Reading order follows the film; moving a node would end a pointer capture or take away focus, so only when needed.
function arrangeNodes() {
  if (drag?.started) return;
  doc.segments.forEach((segment, index) => {
    const node = nodes.get(segment.id);
    if (track.children[index] === node) return;
    const focused = document.activeElement === node;
    track.insertBefore(node, track.children[index] ?? null);
    if (focused) node.focus();
  });
}

function drawRuler(total) {
  const step = TICKS.find((seconds) => seconds * scale >= 56) ?? TICKS[TICKS.length - 1];
  const count = Math.floor(total / step + 1e-6) + 1;
  while (ruler.children.length > count) ruler.lastChild.remove();
  for (let i = 0; i < count; i++) {
    const tick = ruler.children[i] ?? make("span", "tick", ruler);
    tick.style.left = `${i * step * scale}px`;
    tick.textContent = i * step >= 60 ? `${Math.floor((i * step) / 60)}:${String((i * step) % 60).padStart(2, "0")}` : `${i * step}s`;
  }
}

function drawSummary(total) {
  const count = doc.segments.length;
  const frames = Math.round(total * props.shape.fps);
  find(".summary").textContent = count
    ? `${count} ${count === 1 ? "segment" : "segments"} · ${formatSeconds(total)} · ${frames} frames`
    : "Add a segment to begin";
  find("[data-do=undo]").disabled = !past.length;
  find("[data-do=redo]").disabled = !future.length;
  drawSeed(find(".film-seed-field"), find("[data-do=film-lock]"), doc.seed, run.seed ?? null, "random");
}

function drawInspector(places, staleFrom) {
  const index = indexOf(doc, selected);
  const segment = doc.segments[index];
  find(".inspector").hidden = !segment;
  if (!segment) return;
  find(".prompt-name").textContent = `Prompt of segment ${index + 1}`;
  if (promptField.value !== segment.prompt) promptField.value = segment.prompt;
  find(".length").textContent = formatSeconds(places[index].seconds);
  find("[data-do=shorter]").disabled = segment.clips <= 1;
  find("[data-do=earlier]").disabled = index === 0;
  find("[data-do=later]").disabled = index === doc.segments.length - 1;
  drawSeed(find(".seed-field"), find("[data-do=lock]"), segment.seed, segmentState(segment, index, staleFrom).seed, "follows film");
}

// A seed field shows the seed that is kept, else the one that was used, else in words how it will come about.
function drawSeed(field, lock, kept, used, words) {
  if (document.activeElement !== field) field.value = kept ?? used ?? "";
  field.placeholder = words;
  field.classList.toggle("open", kept === null);
  lock.setAttribute("aria-pressed", kept !== null);
  lock.title = kept === null ? "Open. Click to keep this seed." : "Kept. Click to open it.";
}

function drawPlayhead() {
  playhead.hidden = playTime === null || !doc.segments.length;
  if (!playhead.hidden) playhead.style.transform = `translateX(${playTime * scale}px)`;
}
