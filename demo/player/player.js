// The player: follows its value (a film, its clips so far, its captions) and keeps playing while clips arrive.

const find = (selector) => element.querySelector(selector);
const player = find(".player");
const video = find("video");
const seek = find(".seek");
const timeText = find(".time");
const captionText = find(".caption");
let film = null; // of which `stream` shows clips
let stream = null;
let shown = {}; // the value, as last followed
let work = Promise.resolve();
let userPaused = false;
let repeat = true;
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const GLOW_MS = 100;
const EMPTY_TEXT = "Write what should be seen, segment by segment, and press Generate. Each clip plays here as soon as it is made.";

// One after the other, so that clips of two messages never mix.
function follow() {
  work = work.then(sync).catch((error) => console.warn("The player could not load a clip.", error));
}

async function sync() {
  shown = structuredClone(props.value) ?? {};
  const value = shown;
  drawState(value);
  if (!value.clips?.length) {
    if (!value.film) clear();
    return;
  }
  if (value.film !== film) {
    clear();
    film = value.film;
    stream = SourceStream.available ? new SourceStream(video, value.seconds) : new FileStream(video);
    userPaused = calm && !value.running;
  }
  for (const clip of value.clips) {
    await stream.add(clip);
    drawState(value);
    resume();
  }
  if (value.end) stream.finish();
  setRepeat(repeat);
  resume();
}

function clear() {
  stream?.close();
  stream = film = null;
  video.removeAttribute("src");
  video.load();
  tellTime(null);
}

function resume() {
  if (film !== null && video.paused && !video.ended && !userPaused) video.play().catch(() => {});
}

// "empty": nothing to see, "making": a film is on its way and the one before still shows, "film": playing
function drawState(value) {
  const waiting = value.running && !value.clips?.length;
  player.dataset.state = value.film && film === value.film ? "film" : film !== null && waiting ? "making" : film === null ? "empty" : "film";
  player.dataset.working = Boolean(waiting);
  find(".veil-text").textContent = waiting ? "Imagining the first clip…" : EMPTY_TEXT;
}

function length() {
  return shown.film === film && film !== null ? shown.seconds : video.duration || 0;
}

function drawTime() {
  if (film === null) return;
  const now = video.currentTime + (stream?.offset ?? 0);
  const total = length();
  seek.max = total || 1;
  if (!seek.matches(":active")) seek.value = now;
  seek.style.setProperty("--part", `${total ? (100 * seek.value) / total : 0}%`);
  setText(timeText, `${now.toFixed(1)} / ${total.toFixed(1)} s`);
  if (shown.film === film) {
    const caption = shown.captions.find((row) => now < row.end - 1e-3) ?? shown.captions.at(-1);
    setText(captionText, caption?.prompt ?? "");
  }
  tellTime(now);
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function tellTime(seconds) {
  window.dispatchEvent(new CustomEvent("phenaki:time", { detail: { seconds } }));
}

let glowTime = 0;
// A few blurred pixels of the film light up the stage beside it.
function drawGlow(now) {
  if (now - glowTime < GLOW_MS || !video.videoWidth) return;
  glowTime = now;
  const canvas = find(".glow");
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
}

function everyFrame(now) {
  if (!element.isConnected) return;
  if (!video.paused) {
    drawTime();
    drawGlow(now);
  }
  requestAnimationFrame(everyFrame);
}

function setRepeat(value) {
  repeat = value;
  video.loop = repeat && !(stream instanceof FileStream);
  if (stream instanceof FileStream) stream.repeat = repeat;
  find(".loop").setAttribute("aria-pressed", repeat);
}

function toggle() {
  if (film === null) return;
  userPaused = !video.paused;
  if (userPaused) video.pause();
  else video.play().catch(() => {});
}

function seekTo(seconds) {
  if (film === null) return;
  video.currentTime = Math.max(0, Math.min(seconds - (stream?.offset ?? 0), video.duration || 0));
}

find(".play").addEventListener("click", toggle);
find(".screen").addEventListener("click", toggle);
find(".loop").addEventListener("click", () => setRepeat(!repeat));
find(".full").addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : player.requestFullscreen?.()));
seek.addEventListener("input", () => seekTo(Number(seek.value)));
window.addEventListener("phenaki:seek", (event) => seekTo(event.detail.seconds));

function drawPlaying() {
  player.dataset.playing = !video.paused;
  find(".play").setAttribute("aria-label", video.paused ? "Play" : "Pause");
  drawTime();
}
for (const name of ["play", "pause", "seeked", "ended", "loadeddata"]) video.addEventListener(name, drawPlaying);

watch("value", follow);
setRepeat(true);
follow();
requestAnimationFrame(everyFrame);
