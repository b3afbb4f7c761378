// Moving and resizing with mouse, pen or finger. A finger has to rest on a segment before it moves it, so that a swipe
// scrolls. While a pointer is down, `drag.before` is the document as it was, and `doc` what it would become.

const LONG_PRESS_MS = 320;
const DRAG_PIXELS = 4;
const EDGE_PIXELS = 44; // so near to an end of the view, a drag scrolls it
let giving = false; // whether a resize takes from the neighbour, unless Alt turns it round

function startDrag() {
  const index = indexOf(doc, drag.id);
  drag.started = true;
  betweenButton.classList.remove("shown");
  drag.before = doc;
  drag.scale = scale; // held, so that nothing but what is dragged moves
  drag.clips = doc.segments[index].clips;
  drag.origin = layout(doc, props.shape)[index].start * scale;
  drag.left = drag.origin;
  drag.gives = giving;
  track.setPointerCapture(drag.pointerId);
  if (drag.kind === "size") followEdge(drag.startX);
}

function dragTo(event) {
  drag.x = event.clientX;
  drag.gives = giving !== event.altKey;
  follow();
  if (!drag.scrolling) scrollAtEdge();
}

function follow() {
  if (drag.kind === "size") followEdge();
  else followPlace();
  draw();
}

function distance() {
  return drag.x - drag.startX + viewLeft - drag.scrolled;
}

function followPlace() {
  drag.left = drag.origin + distance();
  const middle = drag.left + nodes.get(drag.id).offsetWidth / 2;
  const others = removed(drag.before, drag.id);
  const index = layout(others, props.shape).filter((place) => (place.start + place.seconds / 2) * scale < middle).length;
  const next = moved(drag.before, drag.id, index);
  const why = refusal(drag.before, next, props.shape);
  if (!why) doc = next;
  const place = layout(doc, props.shape)[indexOf(doc, drag.id)];
  showBubble(why ?? `to ${formatSeconds(place.start)}`, drag.left + nodes.get(drag.id).offsetWidth / 2, why !== null);
}

function followEdge() {
  const { before, id, side } = drag;
  const index = indexOf(before, id);
  const clip = (props.shape.step_frames / props.shape.fps) * scale;
  const by = Math.round(distance() / clip) * (side === "left" ? -1 : 1);
  const leftIndex = side === "left" ? index - 1 : index; // of the two segments at the edge
  const rolls = drag.gives && leftIndex >= 0 && leftIndex + 1 < before.segments.length;
  drag.neighbour = rolls ? before.segments[side === "left" ? index - 1 : index + 1].id : null;
  const wished = drag.clips + by;
  let clips = Math.max(1, wished);
  if (rolls) doc = rolled(before, leftIndex, side === "left" ? -by : by);
  else {
    while (clips > drag.clips && refusal(before, changed(before, id, { clips }), props.shape)) clips--;
    doc = changed(before, id, { clips });
  }
  clips = doc.segments[index].clips;
  // pulled at its left edge, a segment pushes what is in front of it, so that the edge stays under the pointer
  drag.shift = side === "left" && !rolls ? (drag.clips - clips) * clip : 0;
  const places = layout(doc, props.shape);
  const { start, seconds } = places[index];
  const length = `${formatSeconds(seconds)} · ${countOf(clips, "clip")}`;
  const limit = wished < 1 ? "one clip is the least" : wished > clips ? (rolls ? "the neighbour keeps one clip" : `a film lasts ${formatSeconds(props.shape.max_seconds)} at most`) : "";
  showBubble(limit ? `${length} · ${limit}` : length, (side === "left" ? start : start + seconds) * scale, Boolean(limit));
}

function showBubble(text, x, refused) {
  bubble.hidden = false;
  setText(bubble, text);
  bubble.classList.toggle("refused", refused);
  const half = bubble.offsetWidth / 2;
  const [from, to] = [viewLeft - (drag.shift ?? 0), viewLeft + viewWidth - SIDE_PIXELS];
  bubble.style.left = `${Math.max(from + half, Math.min(x, to - half))}px`;
}

function scrollAtEdge() {
  const { left, right } = scroller.getBoundingClientRect();
  const over = drag?.started ? Math.min(0, drag.x - left - EDGE_PIXELS) + Math.max(0, drag.x - right + EDGE_PIXELS) : 0;
  // a drag that begins near an end of the view does not run away with it
  const outward = over * (drag?.x - drag?.startX) > 0;
  if (drag) drag.scrolling = outward;
  if (!outward) return;
  const before = scroller.scrollLeft;
  scrollTimeline(before + over / 3);
  if (scroller.scrollLeft !== before) follow();
  requestAnimationFrame(scrollAtEdge);
}

function endDrag() {
  clearTimeout(drag.pressTimer);
  const { started, before, kind, id } = drag;
  bubble.hidden = true;
  drag = null;
  if (started && !same(before, doc)) {
    const place = layout(doc, props.shape)[indexOf(doc, id)];
    const what = kind === "move" ? `Moved to place ${indexOf(doc, id) + 1} of ${doc.segments.length}` : `Length ${formatSeconds(place.seconds)}`;
    commit(before, doc, what);
    say(what);
  }
  draw();
}

function cancelDrag() {
  if (drag.started) doc = drag.before;
  endDrag();
}

track.addEventListener("pointerdown", (event) => {
  const node = event.target.closest(".segment");
  if (!node || event.button !== 0 || drag) return;
  // a number that is being typed belongs to the segment that is still selected
  if ([lengthField, seedField].includes(document.activeElement)) document.activeElement.blur();
  finishBurst();
  select(node.dataset.id);
  const handle = event.target.closest(".handle");
  const side = handle?.classList.contains("left") ? "left" : "right";
  const where = { startX: event.clientX, x: event.clientX, scrolled: viewLeft, pointerId: event.pointerId };
  drag = { kind: handle ? "size" : "move", side, id: selected, finger: event.pointerType === "touch", started: false, shift: 0, ...where };
  if (drag.kind === "size") startDrag();
  else if (drag.finger) {
    const mine = drag;
    drag.pressTimer = setTimeout(() => {
      if (drag !== mine) return;
      startDrag();
      follow();
    }, LONG_PRESS_MS);
  }
  draw();
  node.focus({ preventScroll: true });
});

track.addEventListener("pointermove", (event) => {
  if (!drag || event.pointerId !== drag.pointerId) return;
  if (!drag.started) {
    if (Math.abs(event.clientX - drag.startX) < DRAG_PIXELS) return;
    if (drag.finger) {
      cancelDrag();
      return;
    }
    startDrag();
  }
  dragTo(event);
});

// A pointer that has not moved far enough for a drag is not captured yet, and may be let go outside the track.
window.addEventListener("pointerup", (event) => drag?.pointerId === event.pointerId && endDrag());
track.addEventListener("pointercancel", (event) => drag?.pointerId === event.pointerId && cancelDrag());
track.addEventListener("dblclick", (event) => event.target.closest(".segment") && promptField.focus());
// Once a segment hangs on the finger, the page must not scroll or open a menu under it.
track.addEventListener("touchmove", (event) => drag?.started && event.preventDefault(), { passive: false });
track.addEventListener("contextmenu", (event) => drag?.finger && event.preventDefault());

// A plus where a segment may be put between two others.
const betweenButton = find(".between");
const BETWEEN_PIXELS = 14;

function showBetween(index) {
  const place = layout(doc, props.shape)[index];
  betweenButton.dataset.index = index;
  betweenButton.style.left = `${place ? place.start * scale : 0}px`;
  betweenButton.classList.add("shown");
}

scroller.addEventListener("pointermove", (event) => {
  if (event.pointerType !== "mouse" || drag || event.target.closest(".between")) return;
  const x = event.clientX - canvas.getBoundingClientRect().left;
  const index = layout(doc, props.shape).findIndex(({ start }) => Math.abs(start * scale - x) < BETWEEN_PIXELS);
  if (index >= 0 && event.clientY > ruler.getBoundingClientRect().bottom - BETWEEN_PIXELS) showBetween(index);
  else if (document.activeElement !== betweenButton) betweenButton.classList.remove("shown");
});
scroller.addEventListener("pointerleave", () => document.activeElement !== betweenButton && betweenButton.classList.remove("shown"));
betweenButton.addEventListener("focus", () => {
  if (!betweenButton.classList.contains("shown")) showBetween(Math.max(0, indexOf(doc, selected)));
});
betweenButton.addEventListener("blur", () => betweenButton.classList.remove("shown"));
