// The ruler, the playhead and the zoom.

const ruler = find(".ruler");
const playhead = find(".playhead");
const TICKS = [0.5, 1, 2, 5, 10, 15, 30, 60, 120];
const TICK_PIXELS = 56; // between two ticks, at least
const MIN_CLIP_PIXELS = 46; // of one clip, unless one zooms out further
const MAX_SCALE = 480; // pixels for a second of film
const ZOOM = 1.4; // by one press
const SIDE_PIXELS = 32; // padding of the scroller, left and right
const MARGIN = 20; // pixels beside what has been scrolled into view
const SHORTEST = 4; // seconds of film that fill the width at most
let zoom = null; // pixels for a second; null: as much as fits, but not too small; "fit": the whole film
let playTime = 0; // seconds of the film on screen
let wasInView = true;
let scrubbing = false;

// Reading a size in the midst of drawing would make the browser lay out everything at once.
let viewWidth = scroller.clientWidth;
let viewLeft = 0;

function fittingScale() {
  const seconds = totalFrames(doc, props.shape) / props.shape.fps;
  return Math.max(1, (viewWidth - SIDE_PIXELS - ADD_PIXELS) / Math.max(seconds, SHORTEST));
}

function pixelsPerSecond() {
  const fitting = fittingScale();
  if (zoom === "fit") return fitting;
  if (zoom !== null) return Math.max(zoom, Math.min(fitting, MAX_SCALE));
  return Math.max(fitting, (MIN_CLIP_PIXELS * props.shape.fps) / props.shape.step_frames);
}

// Zoom so that the film's moment at `x`, pixels from the left of the view, stays where it is.
function zoomTo(next, x = null) {
  if (drag?.started) return;
  const moment = playTime * scale - viewLeft;
  const anchor = x ?? (moment >= 0 && moment <= viewWidth ? moment + SIDE_PIXELS / 2 : viewWidth / 2);
  const seconds = (viewLeft + anchor - SIDE_PIXELS / 2) / scale;
  zoom = next === "fit" ? next : Math.min(MAX_SCALE, next);
  if (zoom !== "fit" && zoom <= fittingScale()) zoom = "fit";
  track.classList.add("still");
  draw();
  scrollTimeline(seconds * scale - anchor + SIDE_PIXELS / 2);
  requestAnimationFrame(() => track.classList.remove("still"));
}

function drawZoom() {
  find("[data-do=zoom-out]").disabled = scale <= fittingScale() + 1e-6;
  find("[data-do=zoom-in]").disabled = scale >= MAX_SCALE - 1e-6;
}

scroller.addEventListener("wheel", (event) => {
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  zoomTo(scale * Math.exp(-event.deltaY / 400), event.clientX - scroller.getBoundingClientRect().left);
}, { passive: false });

function clock(seconds) {
  return seconds >= 60 ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` : `${seconds}s`;
}

function drawRuler(total) {
  ruler.setAttribute("aria-valuemax", total.toFixed(2));
  const step = TICKS.find((seconds) => seconds * scale >= TICK_PIXELS) ?? TICKS.at(-1);
  const count = Math.floor(total / step + 1e-6) + 1;
  const look = `${step}|${count}|${scale}`;
  if (ruler.drawn === look) return;
  ruler.drawn = look;
  while (ruler.children.length > count) ruler.lastChild.remove();
  for (let i = 0; i < count; i++) {
    const tick = ruler.children[i] ?? make("span", "tick", ruler);
    tick.style.left = `${i * step * scale}px`;
    setText(tick, clock(i * step));
  }
}

function drawPlayhead() {
  playhead.hidden = !doc.segments.length;
  if (playhead.hidden) return;
  playhead.style.transform = `translateX(${playTime * scale}px)`;
  ruler.setAttribute("aria-valuenow", playTime.toFixed(2));
  ruler.setAttribute("aria-valuetext", `${playTime.toFixed(1)} seconds`);
}

function isInView(x) {
  return x >= viewLeft - SIDE_PIXELS && x <= viewLeft + viewWidth - SIDE_PIXELS;
}

function scrollTimeline(left) {
  scroller.scrollLeft = left;
  viewLeft = scroller.scrollLeft;
}

// Follows the player, page by page, but leaves alone someone who has scrolled elsewhere.
function takeTime(seconds) {
  if (!element.isConnected || scrubbing || !Number.isFinite(seconds)) return;
  playTime = seconds;
  drawPlayhead();
  const inView = isInView(playTime * scale);
  if (wasInView && !inView && !drag) scrollTimeline(playTime * scale - MARGIN);
  wasInView = inView || (wasInView && !drag);
}

function seekTo(seconds) {
  const total = totalFrames(doc, props.shape) / props.shape.fps;
  playTime = Math.max(0, Math.min(total, seconds));
  wasInView = true;
  drawPlayhead();
  window.dispatchEvent(new CustomEvent("phenaki:seek", { detail: { seconds: playTime } }));
}

function scrubTo(event) {
  seekTo((event.clientX - ruler.getBoundingClientRect().left) / scale);
}

ruler.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  scrubbing = true;
  ruler.setPointerCapture(event.pointerId);
  scrubTo(event);
});
ruler.addEventListener("pointermove", (event) => scrubbing && scrubTo(event));
for (const name of ["pointerup", "pointercancel"]) ruler.addEventListener(name, () => (scrubbing = false));
scroller.addEventListener("scroll", () => {
  viewLeft = scroller.scrollLeft;
  wasInView = isInView(playTime * scale);
});

// With the keyboard: by a frame, with Shift by a clip, or to an end.
ruler.addEventListener("keydown", (event) => {
  const { fps, step_frames } = props.shape;
  const by = (event.shiftKey ? step_frames : 1) / fps;
  const total = totalFrames(doc, props.shape) / fps;
  const to = { ArrowLeft: playTime - by, ArrowRight: playTime + by, Home: 0, End: total }[event.key];
  if (to === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  event.stopPropagation();
  seekTo(to);
  if (!isInView(playTime * scale)) scrollTimeline(playTime * scale - viewWidth / 2);
});
