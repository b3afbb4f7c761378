// Dragging with mouse, pen or finger. A finger has to rest on a segment before it moves it, so that a swipe scrolls.

function startDrag() {
  finishTyping();
  drag.started = true;
  drag.before = doc;
  drag.scale = scale; // held, so that nothing but the dragged edge moves
  const index = indexOf(doc, drag.id);
  drag.clips = doc.segments[index].clips;
  drag.origin = layout(doc, props.shape)[index].start * drag.scale;
  drag.left = drag.origin;
  track.setPointerCapture(drag.pointerId);
}

function dragTo(clientX) {
  const distance = clientX - drag.startX + scroller.scrollLeft - drag.scrolled;
  if (drag.kind === "size") {
    const step = (props.shape.step_frames / props.shape.fps) * drag.scale;
    doc = changed(drag.before, drag.id, { clips: Math.max(1, drag.clips + Math.round(distance / step)) });
  } else {
    drag.left = drag.origin + distance;
    const middle = drag.left + nodes.get(drag.id).offsetWidth / 2;
    const others = removed(drag.before, drag.id);
    const places = layout(others, props.shape);
    const index = places.filter((place) => (place.start + place.seconds / 2) * drag.scale < middle).length;
    doc = moved(drag.before, drag.id, index);
  }
  draw();
}

function endDrag() {
  clearTimeout(drag.pressTimer);
  const { started, before } = drag;
  drag = null;
  if (started) commit(before);
  draw();
}

function cancelDrag() {
  if (drag.started) doc = drag.before;
  endDrag();
}

track.addEventListener("pointerdown", (event) => {
  const node = event.target.closest(".segment");
  if (!node || event.button !== 0 || drag) return;
  finishTyping();
  selected = node.dataset.id;
  const kind = event.target.classList.contains("handle") ? "size" : "move";
  const now = { kind, id: selected, pointerId: event.pointerId, startX: event.clientX, scrolled: scroller.scrollLeft };
  drag = { ...now, started: false, finger: event.pointerType === "touch" };
  if (kind === "size") startDrag();
  else if (drag.finger) {
    drag.pressTimer = setTimeout(() => {
      if (!drag) return;
      startDrag();
      draw();
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
  dragTo(event.clientX);
});

track.addEventListener("pointerup", () => drag && endDrag());
track.addEventListener("pointercancel", () => drag && cancelDrag());
track.addEventListener("dblclick", () => promptField.focus());
// Once a segment hangs on the finger, the page must not scroll or open a menu under it.
track.addEventListener("touchmove", (event) => drag?.started && event.preventDefault(), { passive: false });
track.addEventListener("contextmenu", (event) => drag?.finger && event.preventDefault());
