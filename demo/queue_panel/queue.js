// The session's jobs as rows with buttons. Titles are written as text; rows are kept by id, so that focus survives.

const list = element.querySelector(".rows");
const rows = new Map();
const ICONS = {
  up: ["Make it earlier", "M10 15V5M5.5 9.5 10 5l4.5 4.5"],
  down: ["Make it later", "M10 5v10M5.5 10.5 10 15l4.5-4.5"],
  edit: ["Take it out of the queue and edit it", "M4 16l1-4 8-8 3 3-8 8zM11.5 5.5l3 3"],
  pause: ["Pause", "M7 5v10M13 5v10"],
  resume: ["Resume", "M7 4.5v11l8-5.5z"],
  cancel: ["Cancel", "M5.5 5.5l9 9M14.5 5.5l-9 9"],
};
const OPPOSITES = { up: "down", down: "up", pause: "resume", resume: "pause" };
const SVG = "http://www.w3.org/2000/svg";

function make(tag, className, parent) {
  const node = document.createElement(tag);
  node.className = className;
  parent.append(node);
  return node;
}

function makeButton(action, parent, id) {
  const [label, path] = ICONS[action];
  const button = make("button", action, parent);
  button.type = "button";
  button.title = label;
  button.setAttribute("aria-label", label);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  button.append(svg);
  button.addEventListener("click", () => trigger("act", { job: id, action }));
}

function rowNode(id) {
  if (rows.has(id)) return rows.get(id);
  const node = make("li", "row", list);
  node.heading = make("div", "title", node);
  const below = make("div", "below", node);
  node.words = make("span", "state", below);
  for (const action of Object.keys(ICONS)) makeButton(action, below, id);
  node.bar = make("div", "bar", node);
  rows.set(id, node);
  return node;
}

function describe(job) {
  const clips = `${job.made} of ${job.total} clips`;
  const left = job.left === null ? "" : ` · about ${Math.ceil(job.left)} s`;
  if (job.state === "running") return `Making, ${clips}${left}`;
  if (job.state === "paused") return `Paused, ${clips}`;
  return (job.before ? `Waiting, ${job.before} before it` : "Starting") + left;
}

// A button whose row is moved loses the focus, and so does one that is hidden or disabled: then its opposite takes over.
function keepFocus(button) {
  if (!list.contains(button)) return;
  const others = button.parentElement.querySelectorAll(`.${OPPOSITES[button.className] ?? "cancel"}, .cancel`);
  const next = [button, ...others].find((other) => !other.hidden && !other.disabled);
  if (document.activeElement !== next) next.focus();
}

function draw() {
  const focused = document.activeElement;
  const jobs = JSON.parse(props.value || "{}").jobs ?? [];
  element.querySelector(".queue").dataset.empty = jobs.length === 0;
  for (const [id, node] of rows) {
    if (jobs.some((job) => job.id === id)) continue;
    node.remove();
    rows.delete(id);
  }
  const movable = jobs.filter((job) => job.state !== "running");
  jobs.forEach((job, index) => {
    const node = rowNode(job.id);
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
    node.dataset.state = job.state;
    node.heading.textContent = job.title;
    node.heading.title = job.title;
    node.words.textContent = describe(job);
    node.bar.style.transform = `scaleX(${job.progress})`;
    const place = movable.indexOf(job);
    const button = (name) => node.querySelector(`.${name}`);
    button("up").disabled = place <= 0;
    button("down").disabled = place < 0 || place === movable.length - 1;
    button("edit").hidden = job.kind !== "film" || job.state === "running";
    button("pause").hidden = job.state === "paused";
    button("resume").hidden = job.state !== "paused";
  });
  keepFocus(focused);
}

watch("value", draw);
draw();
