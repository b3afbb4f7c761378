// The keyboard, and the sheet that lists its keys.

const helpSheet = find(".help");
// Title: [keys, what they do]; words that begin with a small letter are no keys.
const HELP = {
  Segments: [
    ["← →", "select"],
    ["Shift ← →", "shorter, longer"],
    ["Shift Alt ← →", "from the neighbour"],
    ["Alt ← →", "move"],
    ["Enter", "write the prompt"],
    ["N", "insert after"],
    ["S", "split at the playhead"],
    ["D", "duplicate"],
    ["Delete", "delete"],
    ["R", "re-roll, and what follows"],
    ["Shift R", "re-roll only this one"],
  ],
  Film: [
    ["Ctrl Enter", "generate"],
    ["Ctrl Z", "undo"],
    ["Ctrl Shift Z", "redo, also Ctrl Y"],
    ["+ −", "zoom"],
    ["0", "show the whole film"],
    ["Ctrl wheel", "zoom at the pointer"],
    ["Alt drag an edge", "from the neighbour"],
    ["Esc", "give up a drag"],
    ["?", "this sheet"],
  ],
  Player: [
    ["Space", "play, pause"],
    ["J K L", "back, pause, forward"],
    ["J J", "faster, likewise L L"],
    [", .", "a frame back, a frame on"],
    ["Home End", "to its ends, in the player"],
  ],
};
const TEXT_FIELDS = "textarea, select, [contenteditable=''], [contenteditable=true], input:not([type=checkbox], [type=radio], [type=range], [type=button], [type=submit], [type=file])";
const ARROWED = "input[type=range], input[type=radio], [role=slider], [role=tab], [role=menuitem], summary"; // use arrows for themselves

const KEYS = {
  ArrowLeft: () => step(-1),
  ArrowRight: () => step(1),
  Home: () => stepTo(0),
  End: () => stepTo(doc.segments.length - 1),
  "Shift+ArrowLeft": () => resize(-1),
  "Shift+ArrowRight": () => resize(1),
  "Shift+Alt+ArrowLeft": () => resize(-1, !giving),
  "Shift+Alt+ArrowRight": () => resize(1, !giving),
  "Alt+ArrowLeft": () => reorder(-1),
  "Alt+ArrowRight": () => reorder(1),
  Delete: remove,
  Backspace: remove,
  Enter: () => promptField.focus(),
  F2: () => promptField.focus(),
};
const LETTERS = {
  s: splitAtPlayhead,
  d: duplicate,
  n: ACTIONS.insert,
  r: () => rerollAndMake(false),
  "Shift+r": () => selectedAlone() && rerollAndMake(true),
  "+": ACTIONS["zoom-in"],
  "=": ACTIONS["zoom-in"],
  "-": ACTIONS["zoom-out"],
  0: ACTIONS.fit,
  "?": openHelp,
};
// Home and End belong to the player while it has the focus, and to the page while nothing has.
const NEED_FOCUS = new Set(["Home", "End"]);

function step(by) {
  stepTo(indexOf(doc, selected) + by);
}

function stepTo(index) {
  const segment = doc.segments[Math.max(0, Math.min(index, doc.segments.length - 1))];
  if (!segment) return;
  select(segment.id);
  draw();
}

// Whether a re-roll of this segment alone makes sense: something grows out of it.
function selectedAlone() {
  const button = find("[data-do=reroll-alone]");
  if (button.disabled || button.hidden) refuse("Nothing grows out of this segment; R re-rolls it.");
  return !button.disabled && !button.hidden;
}

// Keys that change the timeline are taken on the page and in the editor, never from another part's controls.
function isOurs(target) {
  return target === document.body || target === document.documentElement || element.contains(target);
}

function openHelp() {
  const lists = find(".help-lists");
  if (!lists.children.length) {
    for (const [title, rows] of Object.entries(HELP)) {
      const part = make("section", "", lists);
      make("h4", "", part).textContent = title;
      const list = make("dl", "", part);
      for (const [keys, text] of rows) {
        const name = make("dt", "", list);
        for (const key of keys.split(" ")) {
          if (/^[a-z]/.test(key)) name.append(`${key} `);
          else {
            make("kbd", "", name).textContent = key;
            name.append(" ");
          }
        }
        make("dd", "", list).textContent = text;
      }
    }
  }
  helpSheet.showModal();
}

helpSheet.addEventListener("click", (event) => event.target === helpSheet && helpSheet.close());
helpSheet.addEventListener("keydown", (event) => {
  event.stopPropagation();
  if (event.key !== "?" && event.key !== "Escape") return;
  event.preventDefault();
  helpSheet.close();
});

document.addEventListener("keydown", (event) => {
  if (!element.isConnected || !element.offsetParent || event.defaultPrevented || event.isComposing) return;
  if (document.querySelector("dialog:modal") || event.target.closest?.("[aria-modal=true]")) return;
  const inField = event.target.matches?.(TEXT_FIELDS);
  const mine = isOurs(event.target);
  const command = event.ctrlKey || event.metaKey;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === "Escape" && drag) cancelDrag();
  else if (drag?.started) return; // one thing at a time
  else if (command && (!inField || mine)) {
    if (key === "Enter") generate();
    else if (key === "z" && !isDirty(event.target)) travel(event.shiftKey ? "redo" : "undo");
    else if (key === "y" && !isDirty(event.target)) travel("redo");
    else return;
  } else if (command || inField) return;
  else if (!pressed(event, key, mine)) return;
  event.preventDefault();
});

function pressed(event, key, mine) {
  // A click on the film leaves the focus there, and splitting at what one sees is what comes next.
  const watching = event.target.matches?.("section.player");
  if (!mine && !watching && key !== "?") return false;
  const letter = event.altKey ? null : (LETTERS[key === "r" && event.shiftKey ? "Shift+r" : key] ?? null);
  if (letter && (!event.shiftKey || key === "r" || key === "?" || key === "+")) {
    if (event.repeat && key !== "+" && key !== "=" && key !== "-") return true;
    letter();
    return true;
  }
  const action = KEYS[(event.shiftKey ? "Shift+" : "") + (event.altKey ? "Alt+" : "") + key];
  if (!action || !mine) return false;
  if (key === "Enter" && event.target.closest("button, summary, a, [role=slider]")) return false;
  if (key.startsWith("Arrow") && event.target.matches(ARROWED)) return false;
  if (NEED_FOCUS.has(key) && !track.contains(event.target)) return false;
  const onTrack = track.contains(event.target);
  action();
  if (onTrack && !promptField.matches(":focus")) nodes.get(selected)?.focus({ preventScroll: true });
  if (key !== "Enter" && key !== "F2") reveal();
  return true;
}

// Whether a number is being written that is not in the document yet; its own undo comes first.
function isDirty(target) {
  if (target === lengthField) return false;
  return target === seedField && target.value !== String(selectedSegment()?.seed);
}
