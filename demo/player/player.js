// The player: follows what the server says of a film, and draws.
const [FILM, PREVIEW] = Object.keys({ film: 0, preview: 0 }); // a name in quotes would be taken for an event

const find = (selector) => element.querySelector(selector);
const player = find(".player");
const video = find("video");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const GLOW_MS = 800;
const TEXTS = {
  empty: "Write what should be seen, segment by segment, and press Generate. Each clip plays here as soon as it is made.",
  first: "Imagining the first clip…",
  here: "Imagining this clip…",
};
let film = readFilm("{}");
let preview = {};
let filmText = null;

const transport = new Transport(video, drawSoon, () => picture.draw());
const seekBar = new SeekBar(player, (seconds) => transport.seek(seconds), (held) => transport.hold(held));
const picture = new Picture(video, find(".picture"));
const liveView = new LiveView(find(".live"), calm);

function followFilm() {
  if (props[FILM] === filmText) return;
  filmText = props[FILM];
  try {
    film = readFilm(filmText);
  } catch (error) {
    return console.warn("The player was told of a film that it cannot read.", error);
  }
  picture.pixels = film.pixels;
  transport.update(film, film.running || !calm.matches);
  seekBar.drawFilm(film);
  drawSoon();
}

function followPreview() {
  try {
    preview = JSON.parse(props[PREVIEW] || "{}");
  } catch (error) {
    return console.warn("The player was told of a preview that it cannot read.", error);
  }
  const part = preview.steps ? Math.min(preview.step / preview.steps, 1) : 0;
  player.style.setProperty("--part", part.toFixed(3));
  liveView.draw(preview);
  drawSoon();
}

let drawing = false;
// Several reasons to draw may come at once.
function drawSoon() {
  if (drawing) return;
  drawing = true;
  queueMicrotask(() => {
    drawing = false;
    draw();
  });
}

function draw() {
  const now = transport.position;
  const clip = clipAt(transport.film, now);
  const making = film.running || Boolean(preview.picture);
  const state = clip ? stateOf(player.dataset.state) : making ? "making" : "empty";
  setData(player, "state", state);
  setData(player, "playing", transport.wanted);
  setData(player, "waiting", transport.waiting);
  setData(player, "stale", Boolean(clip?.stale));
  setData(player, "begun", now > 0.1);
  setData(player, "captions", options.captions);
  setData(player, "crisp", options.crisp);
  if (picture.crisp !== options.crisp) {
    picture.crisp = options.crisp;
    picture.draw();
  }
  drawLive(state);
  drawTime(now, state);
  drawControls();
}

// A clip is there. Until its first picture is, what was seen before stays.
function stateOf(before) {
  if (video.readyState >= 2 || before === "playing") return "playing";
  return before === "making" ? "making" : "loading";
}

function setData(node, name, value) {
  if (node.dataset[name] !== String(value)) node.dataset[name] = value;
}

// Large while there is nothing else to see, else small in a corner.
function drawLive(state) {
  const live = find(".live");
  const at = preview.picture ? (preview.seconds ?? null) : null;
  const beside = state === "playing" && preview.picture;
  setData(live, "size", state === "making" ? "large" : !beside ? "none" : options.folded ? "folded" : "small");
  setText(find(".veil-text"), state === "empty" ? TEXTS.empty : state === "making" ? makingText(at) : "");
  setText(find(".step"), state === "making" && preview.steps ? `${preview.step} / ${preview.steps}` : "");
  setText(find(".live-place"), at === null ? "" : `Next: ${clock(at, film.seconds)}`);
  const fold = find(".fold");
  fold.setAttribute("aria-expanded", !options.folded);
  fold.setAttribute("aria-label", options.folded ? "Show the clip that is being made" : "Hide the clip that is being made");
  seekBar.drawMaking(at);
}

function makingText(at) {
  if (!film.clips.length) return TEXTS.first;
  const past = transport.position - at;
  const here = at === null || (past > -SLACK && past < 1.05 * film.clips.at(-1).seconds);
  return here ? TEXTS.here : `Imagining the clip at ${clock(at, film.seconds, " s")}…`;
}

function drawTime(now, state) {
  const total = film.seconds;
  setText(find(".now"), options.frames ? `${transport.frame}` : clock(now, total));
  setText(find(".total"), options.frames ? `${Math.round(total * film.fps)} f` : clock(total, total, " s"));
  const index = film.captions.findIndex((row) => now < row.end - SLACK);
  const caption = film.captions[index < 0 ? film.captions.length - 1 : index];
  setText(find(".caption span"), state === "empty" ? "" : (caption?.prompt ?? ""));
  const count = film.captions.length;
  const place = count > 1 ? `, segment ${film.captions.indexOf(caption) + 1} of ${count}` : "";
  seekBar.drawTime(now, `${clock(now, total)} of ${clock(total, total, " seconds")}${place}`);
  const seconds = transport.stream ? now : null;
  if (seconds !== told) window.dispatchEvent(new CustomEvent("phenaki:time", { detail: { seconds: (told = seconds) } }));
  drawGlow();
}
let told;

let glowTime = 0;
// A few blurred pixels of the film light up the room around it. Seldom, and half of the old light stays each time.
function drawGlow() {
  const time = performance.now();
  if (time - glowTime < GLOW_MS || video.readyState < 2) return;
  const canvas = find(".glow");
  const context = canvas.getContext("2d");
  context.globalAlpha = glowTime ? 0.5 : 1;
  glowTime = time;
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  context.globalAlpha = 1;
  const walls = context.createLinearGradient(0, 0, canvas.width, 0);
  for (const [at, dark] of [[0, 0.6], [0.3, 0], [0.7, 0], [1, 0.6]]) walls.addColorStop(at, `rgb(10 10 17 / ${dark})`);
  context.fillStyle = walls;
  context.fillRect(0, 0, canvas.width, canvas.height);
}

watch(FILM, followFilm);
watch(PREVIEW, followPreview);
window.addEventListener("phenaki:seek", onSeek);

function onSeek(event) {
  if (!element.isConnected) return window.removeEventListener("phenaki:seek", onSeek);
  if (Number.isFinite(event.detail?.seconds)) transport.seek(event.detail.seconds);
}
