// The row of buttons.

const ALL_SPEEDS = [0.5, 1, 1.5, 2];

// A segment's border where there are segments, else a clip's.
function jump(direction, byClip) {
  const segments = film.captions.map((row) => row.start);
  transport.jump(direction, byClip || segments.length < 2 ? film.clips.map((clip) => clip.start) : segments);
}

const ACTIONS = {
  play: () => transport.toggle(),
  previous: (event) => jump(-1, event.shiftKey),
  next: (event) => jump(1, event.shiftKey),
  "frame-back": () => transport.step(-1),
  "frame-on": () => transport.step(1),
  speed: () => transport.setSpeed(ALL_SPEEDS[(ALL_SPEEDS.indexOf(transport.speed) + 1) % ALL_SPEEDS.length]),
  units: () => choose("frames", !options.frames),
  loop: () => choose("loop", !options.loop),
  captions: () => choose("captions", !options.captions),
  crisp: () => choose("crisp", !options.crisp),
  fold: () => choose("folded", !options.folded),
  full: fullScreen,
};

function drawControls() {
  const nothing = transport.stream === null || !film.clips.length;
  for (const name of ["play", "previous", "next", "frame-back", "frame-on", "speed"]) {
    const button = find(`[data-do="${name}"]`);
    if (button.disabled !== nothing) button.disabled = nothing;
  }
  if (seekBar.input.disabled !== nothing) seekBar.input.disabled = nothing;
  find(".play").setAttribute("aria-label", transport.wanted ? "Pause" : "Play");
  for (const name of ["loop", "captions", "crisp"]) find(`[data-do="${name}"]`).setAttribute("aria-pressed", options[name]);
  setText(find(".speed-text"), `${transport.backward ? "−" : ""}${transport.speed}×`);
  find(".speed").setAttribute("aria-label", `Speed: ${transport.backward ? "back " : ""}${transport.speed} times`);
  setData(find(".speed"), "changed", transport.speed !== 1 || transport.backward);
}

function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else if (player.requestFullscreen) player.requestFullscreen().catch(() => {});
  else video.webkitEnterFullscreen?.(); // iPhones show only the video itself on the whole screen
}

player.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) ACTIONS[button.dataset.do](event);
  else if (event.target.closest(".screen")) transport.toggle();
  // after the mouse, keys go to the player and not to the button that happens to have been clicked
  if (event.detail > 0) player.focus({ preventScroll: true });
});
find(".screen").addEventListener("dblclick", (event) => {
  if (!event.target.closest("button")) fullScreen();
});
transport.loop = options.loop;
