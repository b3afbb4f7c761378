// What the selected segment holds, and its fields.

const promptField = find(".prompt");
const lengthField = find(".length");
const seedField = find(".seed");
const ownSteps = find(".own-steps");
const ownGuidance = find(".own-guidance");
const RANGES = { num_inference_steps: [1, 64], guidance_scale: [1, 15] };
const NAMES = { num_inference_steps: "Steps", guidance_scale: "Guidance" };
const STATES = { draft: "not made yet", stale: "changed since it was made", waiting: "waiting", done: "made" };
const titleField = find(".title");

let notedClips = 0; // length to which the note under the field belongs

// A field keeps what is being typed into it; `force` writes it anyway.
function drawField(field, text, force) {
  if (field.value !== text && (force || document.activeElement !== field)) field.value = text;
}

function setNote(name, text, refused = false) {
  const note = find(`#pk-${name}-note`);
  setText(note, text);
  note.classList.toggle("refused", refused);
}

// Rarely needed fields are folded away until they are asked for or in use.
const PANELS = { picture: ".picture-box", own: ".own" };

function unfold(name, open) {
  find(PANELS[name]).hidden = !open;
  find(`[data-do=fold-${name}]`).setAttribute("aria-expanded", open);
}

function drawInspector(places, force) {
  const index = indexOf(doc, selected);
  const segment = doc.segments[index];
  const inspector = find(".inspector");
  inspector.hidden = !segment;
  if (!segment) return;
  if (inspector.dataset.id !== segment.id) {
    inspector.dataset.id = segment.id;
    force = true;
    for (const name of ["length", "seed", "own"]) setNote(name, "");
    unfold("own", segment.num_inference_steps !== null || segment.guidance_scale !== null);
    unfold("picture", segment.picture !== null);
    closeOffers();
  }
  const state = stateOf(segment);
  setText(find(".which"), `Segment ${index + 1} of ${doc.segments.length}`);
  const chip = find(".state");
  chip.dataset.state = state.name;
  setText(chip, STATES[state.name] ?? stateText(state));
  promptField.setAttribute("aria-label", `Prompt of segment ${index + 1}`);
  if (promptField.value !== segment.prompt) promptField.value = segment.prompt;
  drawHint(segment);
  if (notedClips !== segment.clips) setNote("length", "");
  drawField(lengthField, String(Number(places[index].seconds.toFixed(3))), force);
  find("[data-do=shorter]").disabled = segment.clips <= 1;
  drawField(seedField, String(segment.seed), force);
  const lock = find("[data-do=lock]");
  lock.setAttribute("aria-pressed", segment.locked);
  lock.querySelector("use").setAttribute("href", segment.locked ? "#pk-locked" : "#pk-open");
  lock.title = segment.locked ? "Kept. Click to let new films draw another." : "Keep this seed when a new film is made";
  drawOwn(segment, force);
  drawSeam(segment, state);
  const next = doc.segments[index + 1];
  find("[data-do=reroll-alone]").disabled = !next || next.picture !== null;
  find("[data-do=reroll-alone]").hidden = !next;
  setText(find("[data-do=reroll]"), next ? "This and what follows" : "This one");
  drawPicture(segment);
  drawVariations();
}

function drawOwn(segment, force) {
  for (const [field, name] of [[ownSteps, "num_inference_steps"], [ownGuidance, "guidance_scale"]]) {
    drawField(field, segment[name] === null ? "" : String(segment[name]), force);
    field.placeholder = String(doc.settings[name]);
  }
  const own = segment.num_inference_steps !== null || segment.guidance_scale !== null;
  find("[data-do=as-film]").hidden = !own;
  find(".own-text").hidden = own;
  find("[data-do=fold-own]").classList.toggle("used", own);
}

function drawSeam(segment, state) {
  const seam = segment.behind !== null || state.seam !== null;
  find(".seam-line").hidden = !seam;
  if (!seam) return;
  setText(find(".seam-text"), state.seam ?? "A seam: this segment keeps its start and does not grow out of the one in front of it.");
  find("[data-do=heal]").hidden = segment.behind === null;
}

// Numbers as people write them, with a point or a comma; NaN where it is none.
function readNumber(text) {
  return /^\s*\d*[.,]?\d+\s*s?\s*$|^\s*\d+[.,]\s*s?\s*$/.test(text) ? Number.parseFloat(text.replace(",", ".")) : NaN;
}

function takeLength() {
  const index = indexOf(doc, selected);
  const wished = readNumber(lengthField.value);
  if (index < 0) return;
  notedClips = doc.segments[index].clips;
  const { seconds } = layout(doc, props.shape)[index];
  if (Number.isNaN(wished)) {
    setNote("length", "Write a number of seconds, such as 3.", true);
  } else if (Math.abs(wished - seconds) > 0.0006) {
    const clips = nearestClips(doc, props.shape, index, wished);
    const next = changed(doc, selected, { clips });
    const made = segmentFrames(next, props.shape, index) / props.shape.fps;
    const why = refusal(doc, next, props.shape);
    if (why) setNote("length", why, true);
    else {
      if (clips !== doc.segments[index].clips) edit(next, `Length ${formatSeconds(made)}`);
      notedClips = clips;
      const moved = Math.abs(made - wished) > 0.0006;
      setNote("length", moved ? `${formatSeconds(wished)} → ${formatSeconds(made)}: clips are ${formatSeconds(props.shape.step_frames / props.shape.fps)}` : "");
    }
  }
  draw({ fields: true });
}

function takeSeed() {
  const segment = selectedSegment();
  const text = seedField.value.trim();
  if (!segment || text === String(segment.seed)) return;
  const seed = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(seed <= props.shape.max_seed)) {
    setNote("seed", `A seed is a whole number up to ${props.shape.max_seed}.`, true);
  } else {
    setNote("seed", "");
    edit(changed(doc, selected, { seed, locked: true }), `Seed ${seed}, kept`); // one who writes it wants that one
  }
  draw({ fields: true });
}

// Writing a number below or above what is accepted says so, and stays as it was.
function takeOwn(field, name) {
  const segment = selectedSegment();
  if (!segment) return;
  const text = field.value.trim();
  const [least, most] = RANGES[name];
  const value = text === "" ? null : readNumber(text);
  const whole = name !== "num_inference_steps" || value === null || Number.isInteger(value);
  if (value !== null && !(value >= least && value <= most && whole)) {
    setNote("own", `${NAMES[name]} go${name === "guidance_scale" ? "es" : ""} from ${least} to ${most}${name === "num_inference_steps" ? ", in whole steps" : ""}.`, true);
    return;
  }
  setNote("own", "");
  if (value !== segment[name]) editSoon(`${name} ${segment.id}`, changed(doc, segment.id, { [name]: value }), `${NAMES[name]} of this segment: ${value ?? "as in the film"}`);
}

titleField.addEventListener("input", () => editSoon("title", { ...doc, title: titleField.value }, "Title written"));
titleField.addEventListener("blur", finishBurst);
titleField.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" && event.key !== "Escape") return;
  if (event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  titleField.blur();
});

for (const [field, take] of [[lengthField, takeLength], [seedField, takeSeed]]) {
  field.addEventListener("change", take);
  field.addEventListener("focus", () => field.select());
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) take();
    else if (event.key === "Escape") draw({ fields: true });
    else return;
    event.preventDefault();
    event.stopPropagation();
    field.select();
  });
}
for (const [field, name] of [[ownSteps, "num_inference_steps"], [ownGuidance, "guidance_scale"]]) {
  field.addEventListener("input", () => takeOwn(field, name));
  field.addEventListener("blur", () => {
    finishBurst();
    draw({ fields: true });
  });
}
