// Keys. Those of the whole page leave alone whoever needs them: text fields, and buttons for the space bar.

const PAGE_KEYS = {
  " ": () => transport.toggle(),
  j: () => transport.reverse(),
  k: () => transport.stop(),
  l: () => transport.forward(),
  ",": () => transport.step(-1),
  ".": () => transport.step(1),
};
const REPEATING = [",", "."];
const PLAYER_KEYS = {
  Home: () => transport.seek(0),
  End: () => transport.seek(transport.film.seconds),
  ArrowLeft: () => transport.seekBy(-1),
  ArrowRight: () => transport.seekBy(1),
  ArrowUp: () => jump(1, false),
  ArrowDown: () => jump(-1, false),
  PageUp: () => jump(1, true),
  PageDown: () => jump(-1, true),
};
const TEXT = [
  'textarea, select, [contenteditable=""], [contenteditable="true"], [role="textbox"]',
  'input:not([type="range"], [type="checkbox"], [type="radio"], [type="button"])',
].join();
const PRESSED_BY_SPACE = [
  "button, summary, a[href], input:not(.seek)",
  ...["button", "checkbox", "switch", "tab", "menuitem", "slider"].map((role) => `[role="${role}"]`),
].join();

function onPageKey(event) {
  if (!element.isConnected) return document.removeEventListener("keydown", onPageKey);
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const target = event.target instanceof Element ? event.target : document.body;
  if (target.closest(TEXT) || target.closest('[aria-modal="true"], dialog[open]')) return;
  const key = event.key.toLowerCase();
  const action = PAGE_KEYS[key];
  if (!action || (key === " " && target.closest(PRESSED_BY_SPACE))) return;
  event.preventDefault();
  if (!event.repeat || REPEATING.includes(key)) action();
}

function onPlayerKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const action = PLAYER_KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  event.stopPropagation();
  action();
}

player.addEventListener("keydown", onPlayerKey);
document.addEventListener("keydown", onPageKey);
