// Draws the timeline. All text goes in through textContent; nodes are kept by segment id and only moved.

const scroller = find(".scroller");
const canvas = find(".canvas");
const track = find(".track");
const footageBlock = find(".footage");
const addButton = find(".add");
const slot = find(".slot");
const bubble = find(".bubble");
const nodes = new Map();
let scale = 1; // pixels for a second of film, as last drawn
const ADD_PIXELS = 54;
const GAP = 3; // pixels between two segments
const MANY = 60; // segments; from here on they do not slide to their places

function make(tag, className, parent) {
  const node = document.createElement(tag);
  node.className = className;
  parent.append(node);
  return node;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

function isPicture(text) {
  return typeof text === "string" && /^data:image\/(webp|jpeg|png|gif|bmp);base64,/.test(text);
}

function segmentNode(id) {
  if (nodes.has(id)) return nodes.get(id);
  const node = copyOf(".segment-template");
  for (const part of ["strip", "grid", "label", "below", "part", "marks"]) node[`${part}Node`] = node.querySelector(`.${part}`);
  node.dataset.id = id;
  node.drawn = "";
  track.append(node);
  nodes.set(id, node);
  return node;
}

// State, part done and pictures of a segment, from the run and the faster progress messages.
function stateOf(segment) {
  const row = rows.get(segment.id);
  if (!row) return { name: "draft", part: 0, made: 0, pictures: [], seam: null };
  const fast = progress.film === run.film ? progress.segments?.[segment.id] : undefined;
  const moving = row.state === "running" || row.state === "paused";
  const part = moving ? Math.max(row.part ?? 0, fast ?? 0) : (row.part ?? 0);
  return { name: row.state, part, made: row.made ?? 0, pictures: row.clips ?? [], seam: row.seam ?? null };
}

function stateText({ name, part }) {
  const percent = `${Math.round(100 * part)} %`;
  return { draft: "", stale: "changed", waiting: "waiting", running: percent, paused: `paused, ${percent}`, done: "" }[name] ?? "";
}

function draw({ fields = false } = {}) {
  scale = drag?.scale ?? pixelsPerSecond();
  const places = layout(doc, props.shape);
  const frames = totalFrames(doc, props.shape);
  const seconds = frames / props.shape.fps;
  const seen = new Set();
  doc.segments.forEach((segment, index) => {
    seen.add(segment.id);
    drawSegment(segment, index, places[index]);
  });
  for (const [id, node] of nodes) {
    if (seen.has(id)) continue;
    node.remove();
    nodes.delete(id);
  }
  arrangeNodes();
  track.classList.toggle("many", doc.segments.length > MANY);
  canvas.style.width = `${seconds * scale + ADD_PIXELS}px`;
  canvas.style.setProperty("--step", `${(props.shape.step_frames / props.shape.fps) * scale}px`);
  canvas.style.translate = drag?.shift ? `${drag.shift}px` : "";
  addButton.style.left = `${seconds * scale}px`;
  addButton.classList.toggle("first", !doc.segments.length);
  canvas.classList.toggle("empty", !doc.segments.length);
  drawFootage();
  drawSlot(places);
  drawRuler(seconds);
  drawPlayhead();
  drawToolbar(seconds, frames);
  drawInspector(places, fields);
}

// Messages come many times a second, and a long film has hundreds of segments: nothing that looks the same is touched.
function drawSegment(segment, index, { start, seconds }) {
  const node = segmentNode(segment.id);
  const state = stateOf(segment);
  const opens = opensShot(doc, index);
  const dragged = drag?.kind === "move" && drag.started && drag.id === segment.id;
  const resizing = drag?.kind === "size" && drag.started && (drag.id === segment.id || drag.neighbour === segment.id);
  const left = dragged ? drag.left : start * scale;
  const width = Math.max(2, seconds * scale - GAP);
  const isSelected = segment.id === selected;
  const own = segment.num_inference_steps !== null || segment.guidance_scale !== null;
  const seam = segment.behind !== null || state.seam !== null;
  const varied = variations.segment === segment.id && dismissed !== segment.id;
  const note = stateText(state);
  const below = [formatSeconds(seconds), note].filter(Boolean).join(" · ");
  const label = [
    `Segment ${index + 1} of ${doc.segments.length}: ${segment.prompt || "empty prompt"}`,
    below,
    segment.picture && "starts from a picture",
    segment.locked && "seed locked",
    own && "own steps or guidance",
    seam && (state.seam ?? "a seam in front of it"),
  ].filter(Boolean).join(", ");
  const { name, part, made, pictures } = state;
  const look = [left, width, scale, dragged, resizing, isSelected, name, part, made, label, opens, pictures, varied, segment.clips, segment.picture?.length].join("|");
  if (node.drawn === look && node.picture === segment.picture) return;
  node.drawn = look;
  node.picture = segment.picture;
  node.style.left = `${left}px`;
  node.style.width = `${width}px`;
  node.classList.toggle("dragged", dragged);
  node.classList.toggle("resizing", resizing);
  node.classList.toggle("narrow", width < 46);
  node.classList.toggle("seamed", seam);
  setAttribute(node, "data-state", name);
  setAttribute(node, "data-pictures", pictures.some(Boolean) || segment.picture !== null);
  drawMarks(node, [varied && "tiles", segment.picture && "picture", own && "knobs", segment.locked && "locked"].filter(Boolean));
  drawSeamMark(node, seam);
  setText(node.labelNode, segment.prompt || "Empty prompt");
  node.labelNode.classList.toggle("empty", !segment.prompt.trim());
  setText(node.belowNode, below);
  node.partNode.style.transform = `scaleX(${name === "running" || name === "paused" ? part : 0})`;
  setAttribute(node, "aria-selected", isSelected);
  setAttribute(node, "aria-label", label);
  setAttribute(node, "tabindex", isSelected ? 0 : -1);
  node.gridNode.style.left = `${opens ? (props.shape.lead_frames / props.shape.fps) * scale : 0}px`;
  drawStrip(node, segment, opens, state);
}

function copyOf(template) {
  return find(template).content.firstElementChild.cloneNode(true);
}

// Small signs in the corner: few segments have any.
function drawMarks(node, marks) {
  const wanted = marks.join(" ");
  if ((node.marks ?? "") === wanted) return;
  node.marks = wanted;
  node.marksNode.replaceChildren(...marks.map((mark) => {
    const sign = copyOf(".mark-template");
    sign.setAttribute("class", `mark-${mark}`);
    sign.firstElementChild.setAttribute("href", `#pk-${mark}`);
    return sign;
  }));
}

function drawSeamMark(node, seam) {
  const mark = node.querySelector(".seam");
  if (!seam) mark?.remove();
  else if (!mark) node.append(copyOf(".seam-template"));
}

// One picture for each clip; clips that are to be made (again) look faded.
function drawStrip(node, segment, opens, { name, made, pictures }) {
  const strip = node.stripNode;
  const shown = Array.from({ length: segment.clips }, (_, clip) => pictures[clip] ?? (clip === 0 && isPicture(segment.picture) ? segment.picture : null));
  const count = shown.some(Boolean) ? segment.clips : 0;
  while (strip.children.length > count) strip.lastChild.remove();
  let left = 0;
  for (let clip = 0; clip < count; clip++) {
    const frames = props.shape.step_frames + (opens && clip === 0 ? props.shape.lead_frames : 0);
    const width = (frames / props.shape.fps) * scale;
    const picture = strip.children[clip] ?? make("div", "picture", strip);
    if (picture.address !== shown[clip]) {
      picture.address = shown[clip];
      picture.style.backgroundImage = shown[clip] ? `url(${JSON.stringify(shown[clip])})` : "";
    }
    picture.classList.toggle("faded", name !== "done" && clip >= made && pictures[clip] !== undefined && pictures[clip] !== null);
    picture.style.left = `${left}px`;
    picture.style.width = `${width + 0.5}px`;
    left += width;
  }
}

// Reading order follows the film; moving a node would end a pointer capture or take away focus, so only when needed.
function arrangeNodes() {
  if (drag?.started) return;
  doc.segments.forEach((segment, index) => {
    const node = nodes.get(segment.id);
    if (track.children[index] === node) return;
    const focused = document.activeElement === node;
    track.insertBefore(node, track.children[index] ?? null);
    if (focused) node.focus({ preventScroll: true });
  });
}

function drawFootage() {
  footageBlock.hidden = doc.footage === null;
  if (footageBlock.hidden) return;
  const seconds = doc.footage.num_frames / props.shape.fps;
  footageBlock.style.width = `${seconds * scale - GAP}px`;
  const poster = isPicture(doc.footage.poster) ? doc.footage.poster : "";
  const image = footageBlock.querySelector("img");
  if (image.address !== poster) {
    image.address = poster;
    image.hidden = !poster;
    if (poster) image.src = poster;
  }
  setText(find(".footage-text"), `Your video · ${formatSeconds(seconds)}`);
}

// The place that a dragged segment will take.
function drawSlot(places) {
  slot.hidden = !(drag?.kind === "move" && drag.started);
  if (slot.hidden) return;
  const place = places[indexOf(doc, drag.id)];
  slot.style.left = `${place.start * scale}px`;
  slot.style.width = `${place.seconds * scale - GAP}px`;
}

function drawToolbar(seconds, frames) {
  const count = doc.segments.length;
  setText(find(".summary"), count ? `${countOf(count, "segment")} · ${formatSeconds(seconds)} · ${countOf(frames, "frame")}` : "");
  const off = { undo: !steps.past.length, redo: !steps.future.length, split: !count, duplicate: !count, delete: !count };
  for (const [name, disabled] of Object.entries(off)) find(`[data-do=${name}]`).disabled = disabled;
  if (document.activeElement !== titleField || !burst) drawField(titleField, doc.title, true);
  setText(find(".footage-button span"), doc.footage ? "Another video" : "Begin with a video");
  drawZoom();
}
