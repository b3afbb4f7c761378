// Four other seeds of a segment side by side, of which one may be picked.

const variationsPanel = find(".variations");
const tiles = find(".tiles");
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches; // then a tile plays while one looks at it
let dismissed = null; // the segment whose variations were closed, until the server forgets them

function drawVariations() {
  const { segment, options = [] } = variations;
  if (segment === undefined) dismissed = null;
  const waiting = asked === selected && asked !== null;
  const shown = waiting || (segment === selected && dismissed !== segment && options.length > 0);
  variationsPanel.hidden = !shown;
  find("[data-do=vary]").disabled = shown;
  if (!shown) {
    for (const tile of tiles.children) tile.querySelector("video").pause();
    return;
  }
  const rows = waiting ? Array.from({ length: 4 }, () => ({ seed: null, state: "waiting", part: 0 })) : options;
  const making = rows.some((option) => option.state !== "done");
  setText(find(".variations-title"), making ? "Making variations…" : "Pick a variation");
  setText(find("[data-do=stop-varying]"), making ? "Stop" : "Close");
  while (tiles.children.length > rows.length) tiles.lastChild.remove();
  rows.forEach((option, index) => {
    if (!tiles.children[index]) tiles.append(copyOf(".tile-template"));
    drawTile(tiles.children[index], option, index);
  });
}

function drawTile(tile, option, index) {
  const used = option.seed !== null && selectedSegment().seed === option.seed;
  const video = tile.querySelector("video");
  const image = tile.querySelector("img");
  tile.dataset.state = option.state;
  tile.dataset.seed = option.seed ?? "";
  tile.disabled = option.state !== "done";
  tile.setAttribute("aria-pressed", used);
  tile.setAttribute("aria-label", `Variation ${index + 1}${option.seed === null ? "" : `, seed ${option.seed}`}, ${option.state === "done" ? (used ? "in the film" : "pick it") : option.state}`);
  setText(tile.querySelector(".tile-text"), option.state === "done" ? (used ? "In the film" : `Seed ${option.seed}`) : option.state === "running" ? `${Math.round(100 * (option.part ?? 0))} %` : "waiting");
  tile.querySelector(".tile-part").style.transform = `scaleX(${option.state === "running" ? (option.part ?? 0) : 0})`;
  const movie = option.movie ?? null;
  if (video.address !== movie) {
    video.address = movie;
    if (movie) video.src = movie;
    else video.removeAttribute("src");
  }
  if (movie && video.paused && !calm) video.play().catch(() => {});
  const thumbnail = movie ? null : (option.thumbnail ?? null);
  image.hidden = !thumbnail;
  tile.classList.toggle("pictured", Boolean(thumbnail));
  if (thumbnail && image.address !== thumbnail) image.src = image.address = thumbnail;
}

function vary() {
  finishBurst();
  const segment = selectedSegment();
  if (!segment) return;
  dismissed = null;
  asked = segment.id;
  draw();
  trigger("vary", { segment: segment.id });
}

function stopVarying() {
  dismissed = variations.segment ?? null;
  asked = null;
  draw();
  find("[data-do=vary]").focus();
  trigger("stop_varying", {});
}

tiles.addEventListener("click", (event) => {
  const tile = event.target.closest(".tile");
  const seed = Number(tile?.dataset.seed);
  if (!tile || tile.disabled || selectedSegment().seed === seed) return;
  reroll(seed, find(".switch input:checked").value === "alone", "Variation picked");
});

for (const [name, play] of [["pointerover", true], ["focusin", true], ["pointerout", false], ["focusout", false]]) {
  tiles.addEventListener(name, (event) => {
    const video = calm && event.target.closest(".tile")?.querySelector("video[src]");
    if (video) play ? video.play().catch(() => {}) : video.pause();
  });
}
