// What buttons and keys do to the selected segment.

function resize(by, gives = giving) {
  const index = indexOf(doc, selected);
  const segment = doc.segments[index];
  if (!segment) return;
  const clips = segment.clips + by;
  const neighbour = doc.segments[index + 1];
  if (clips < 1) refuse(`One clip, ${formatSeconds(segmentFrames(doc, props.shape, index, 1) / props.shape.fps)}, is the least.`);
  else if (gives && neighbour && neighbour.clips - by < 1) refuse("The neighbour is one clip long and has nothing to give.");
  else {
    const next = gives && neighbour ? rolled(doc, index, by) : changed(doc, selected, { clips });
    edit(next, `Length ${formatSeconds(segmentFrames(next, props.shape, index) / props.shape.fps)}`);
  }
}

function reorder(by) {
  const index = indexOf(doc, selected) + by;
  if (index < 0 || index >= doc.segments.length) refuse(by < 0 ? "It is the first already." : "It is the last already.");
  else if (selected) edit(moved(doc, selected, index), `Moved to place ${index + 1} of ${doc.segments.length}`);
}

function insertAt(index) {
  const segment = newSegment();
  if (!edit(inserted(doc, index, segment), `Segment ${index + 1} added`, segment.id)) return;
  reveal();
  promptField.focus({ preventScroll: true });
  promptField.scrollIntoView({ block: "nearest" });
}

function remove() {
  const index = indexOf(doc, selected);
  if (index < 0) return;
  const next = removed(doc, selected);
  edit(next, `Segment ${index + 1} deleted`, next.segments[Math.min(index, next.segments.length - 1)]?.id ?? null);
}

function duplicate() {
  const index = indexOf(doc, selected);
  if (index < 0) return;
  const id = newId();
  if (edit(duplicated(doc, selected, id), `Segment ${index + 1} duplicated`, id)) reveal();
}

function splitAtPlayhead() {
  finishBurst();
  const cut = cutAt(doc, props.shape, playTime);
  if (cut.why) {
    refuse(cut.why);
    return;
  }
  const id = newId();
  const next = split(doc, cut.id, cut.clips, id);
  if (next) edit(next, `Split at ${formatSeconds(cut.seconds)}`, id);
  else refuse("A seam further on holds on to this segment. Heal it first.");
}

function reroll(seed, alone, what) {
  const index = indexOf(doc, selected);
  if (index < 0) return false;
  finishBurst();
  const next = alone ? rerolledAlone(doc, selected, seed) : rerolled(doc, selected, seed);
  return edit(next, what);
}

function rerollAndMake(alone) {
  if (reroll(randomSeed(), alone, alone ? "New seed for this segment only" : "New seed")) trigger("submit");
}

function toggleLock() {
  const segment = selectedSegment();
  if (segment) edit(changed(doc, selected, { locked: !segment.locked }), segment.locked ? "Seed is free" : "Seed is kept");
}

function rollDice() {
  setNote("seed", "");
  if (selectedSegment()) edit(changed(doc, selected, { seed: randomSeed() }), "Another seed");
}

function toggleGiving() {
  giving = !giving;
  find("[data-do=give]").setAttribute("aria-pressed", giving);
  say(giving ? "Resizing takes from the neighbour; Alt pushes the rest." : "Resizing pushes the rest; Alt takes from the neighbour.");
}

// Scroll the timeline, and it alone, so that the selected segment is in view.
function reveal() {
  const place = layout(doc, props.shape)[indexOf(doc, selected)];
  if (!place) return;
  const [from, to] = [place.start * scale, (place.start + place.seconds) * scale];
  const room = viewWidth - SIDE_PIXELS;
  if (to > viewLeft + room || from < viewLeft) scrollTimeline(to - from > room || from < viewLeft ? from - MARGIN : to - room + MARGIN);
}

const ACTIONS = {
  undo: () => travel("undo"),
  redo: () => travel("redo"),
  append: () => insertAt(doc.segments.length),
  insert: () => insertAt(indexOf(doc, selected) + 1),
  between: () => insertAt(Number(betweenButton.dataset.index)),
  split: splitAtPlayhead,
  duplicate,
  delete: remove,
  shorter: () => resize(-1),
  longer: () => resize(1),
  give: toggleGiving,
  lock: toggleLock,
  dice: rollDice,
  heal: () => edit(healed(doc, selected), "Seam healed"),
  reroll: () => rerollAndMake(false),
  "reroll-alone": () => rerollAndMake(true),
  vary,
  "stop-varying": stopVarying,
  "as-film": () => edit(changed(doc, selected, { num_inference_steps: null, guidance_scale: null }), "Steps and guidance as in the film"),
  "choose-picture": () => pictureFile.click(),
  "remove-picture": () => edit(withPicture(doc, selected, null), "Picture removed"),
  footage: () => footageFile.click(),
  "remove-footage": () => edit(withFootage(doc, null), "Your video removed"),
  "zoom-in": () => zoomTo(scale * ZOOM),
  "zoom-out": () => zoomTo(scale / ZOOM),
  fit: () => zoomTo("fit"),
  "fold-picture": () => unfold("picture", find(PANELS.picture).hidden),
  "fold-own": () => unfold("own", find(PANELS.own).hidden),
  help: openHelp,
  "close-help": () => helpSheet.close(),
};

element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button && !button.disabled) ACTIONS[button.dataset.do]();
});
